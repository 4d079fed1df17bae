"""Runs against closed forms, with feedback switched off: constant hazards, no policies, no luck of the market.

Every stochastic assertion fails falsely once in a million runs (see ``chance``); ``catches`` is the smallest error
that it finds with a chance of 99.9%.
"""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import numpy as np
import pytest
from chance import check_counts, check_distribution, check_shares, check_table
from quiet_world import Described, base, begin, bought_again, clock, events, hazards, lived, moves, people, still
from scipy import stats
from scipy.linalg import expm

from lifesim.engagement.sending import send
from lifesim.population.columns import DAY, YEAR
from lifesim.scenario import STAGES
from lifesim.world.parts import Acquisition
from lifesim.world.world import World

pytestmark = pytest.mark.analytic

N = 20_000
AWARENESS = STAGES.index("AWARENESS")
#: A graph with circles, several causes for one step, and a stage that two segments leave at different speeds.
GRAPH = {
    "AWARENESS.need": ("FIRST_PURCHASE", 6.0),
    "AWARENESS.drift": ("LOST", 1.0),
    "FIRST_PURCHASE.buy": ("HOLDING", 14.0),
    "FIRST_PURCHASE.lose_interest": ("AWARENESS", 5.0),
    "FIRST_PURCHASE.competitor": ("LOST", 2.0),
    "FIRST_PURCHASE.surrender": ("LOST", 1.0),
    "HOLDING.grow": ("RENEWAL_UPSELL", 4.0),
    "HOLDING.dissatisfied": ("CHURN_WARNING", 3.0),
    "RENEWAL_UPSELL.settle": ("HOLDING", 8.0),
    "RENEWAL_UPSELL.dissatisfied": ("CHURN_WARNING", 2.0),
    "CHURN_WARNING.save": ("HOLDING", 5.0),
    "CHURN_WARNING.leave": ("LOST", 4.0),
    "LOST.return": ("AWARENESS", 1.5),
}


def graph(arrows: dict[str, tuple[str, float]], days: int, start: str | dict[str, float], size: int = N) -> Described:
    """A world at rest but for plain moves with constant hazards, given in events a year."""
    data = still(size, days, start)
    data["behaviour"]["transitions"] = {name: {"to": to, "rate": f"{rate}/y"} for name, (to, rate) in arrows.items()}
    for content in data["contents"].values():
        content |= {"lifts": {}, "impulses": {}, "fit": {}}
    return data


def exponents(world: World, rate: float) -> tuple[Any, int]:
    """Times of the first move of everyone who moved, in mean waiting times; how many did not."""
    first: dict[int, int] = {}
    for time, customer, *_ in moves(world):
        first.setdefault(customer, time)
    return np.array(list(first.values())) * rate / YEAR, len(people(world)) - len(first)


# --- stages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_occupancy_is_the_matrix_exponential(factor: float) -> None:
    """At five times, for customers from two first stages; ``factor`` is the segment's on one arrow."""
    data = graph(GRAPH, 400, {"AWARENESS": 0.5, "LOST": 0.5}, 2 * N)
    clock(data, "AWARENESS.need")["segments"] = {"mainstream": factor}
    generator = np.zeros((len(STAGES), len(STAGES)))
    for name, (to, rate) in GRAPH.items():
        rate *= factor if name == "AWARENESS.need" else 1.0
        source = STAGES.index(name.partition(".")[0])
        generator[source, STAGES.index(to)] += rate
        generator[source, source] -= rate
    world = begin(data)[0]
    first = people(world)["stage"].copy()
    counted, trials, chance = [], [], []
    for day in (10, 40, 100, 200, 400):
        world.run(day * DAY, [])
        passed = expm(generator * day / 365)
        for stage in (AWARENESS, STAGES.index("LOST")):
            mine = people(world)["stage"][first == stage]
            counted.append(np.bincount(mine, minlength=len(STAGES)))
            trials.append(np.full(len(STAGES), len(mine)))
            chance.append(passed[stage])
    check_shares(counted, trials, chance, catches=0.033)


def test_competing_causes_share_by_their_hazards_whenever_they_strike() -> None:
    """Shares of three causes of leaving, early and late; the time of leaving is exponential in their sum."""
    rates = {"competitor": 3.0, "drift": 1.5, "surrender": 0.5}
    data = graph({f"AWARENESS.{name}": ("LOST", rate) for name, rate in rates.items()}, 365, "AWARENESS")
    world = lived(data, 365)
    reached, stayed = exponents(world, sum(rates.values()))
    check_distribution(-np.expm1(-reached), N, seen_to=-np.expm1(-5.0), catches=0.034)
    assert stayed == N - len(reached)
    named = {"competitor": "competitor", "drift": "drifted", "surrender": "surrendered"}
    taken = moves(world)
    for part in (taken[: len(taken) // 2], taken[len(taken) // 2 :]):
        counted = Counter(why for *_, why in part)
        counts = np.array([counted[named[name]] for name in rates])
        check_table(counts, len(part) * np.array(list(rates.values())) / 5.0, catches=0.09)


@pytest.mark.parametrize("refresh", ["7d", "12h"])
def test_bands_of_time_in_the_stage(refresh: str) -> None:
    """The decision's hazard by days since it began; a band begins exactly at its edge, whatever the grid."""
    bands = {0: 0.35, 7: 1.0, 21: 2.2, 45: 4.0}
    data = graph({"AWARENESS.need": ("FIRST_PURCHASE", 400.0), "FIRST_PURCHASE.buy": ("LOST", 14.0)}, 400, "AWARENESS")
    clock(data, "FIRST_PURCHASE.buy")["bands"] = {f"{edge}d": factor for edge, factor in bands.items()}
    data["behaviour"]["refresh"]["FIRST_PURCHASE"] = refresh
    world = lived(data, 400)
    entered, left = np.full(N, -1.0), np.full(N, -1.0)
    for time, customer, source, _, _ in moves(world):
        (entered if source == "AWARENESS" else left)[customer] = time
    assert np.all(left > entered) and np.all(entered > 0)
    used = 14.0 / YEAR * bands[0] * (left - entered)
    for edge, before, factor in zip((7, 21, 45), bands.values(), list(bands.values())[1:], strict=False):
        used += 14.0 / YEAR * (factor - before) * np.maximum(0.0, left - entered - edge * DAY)
    check_distribution(-np.expm1(-used), N, catches=0.034)


def test_no_hazard_no_move() -> None:
    data = graph({"AWARENESS.need": ("LOST", 5.0)}, 400, "AWARENESS", 500)
    clock(data, "AWARENESS.need")["segments"] = {"mainstream": 0.0}
    assert moves(lived(data, 400)) == []


# --- touches and states of mind ---------------------------------------------------------------------------------


def arriving_at_once(data: Described, **content: Any) -> None:
    """Let the newsletter arrive by push, and be read, the second that it is sent, without any other effect."""
    data["channels"]["push"] |= {
        "delay": "0s", "open_delay": "0s", "delivered": 1.0, "opened": 1.0, "depends": {},
        "fatigue": 0.0, "opt_out": 0.0,
    }  # fmt: skip
    data["contents"]["newsletter"] |= {"visit": 0.0, **content}
    data["contact_policy"]["quiet"] = None


def send_to_all(world: World, day: float) -> None:
    """Bring the world to a day and send everyone the newsletter."""
    world.run(int(day * DAY), [])
    rows = np.arange(len(people(world)))
    world.room_for_touches(len(rows))
    content = list(world.scenario.contents).index("newsletter")
    reasons = np.zeros(len(rows), np.int64)
    send(rows, 0, content, 0, world.now, 0, 0, world.now, world.kernel_address, reasons)
    assert not reasons.any()


@pytest.mark.parametrize("refresh", ["3d", "10y"])
def test_a_touch_adds_a_hazard_that_decays(refresh: str) -> None:
    """Survival with lifts of 25 times the hazard on days 20 and 22, half-life 5 days."""
    rate, lift, half_life, sent = 1.5, 25.0, 5.0, (20.0, 22.0)
    data = graph({"AWARENESS.need": ("LOST", rate)}, 365, "AWARENESS")
    clock(data, "AWARENESS.need")["half_life"] = f"{half_life}d"
    data["behaviour"]["refresh"]["AWARENESS"] = refresh
    arriving_at_once(data, lifts={"AWARENESS.need": lift})
    world = begin(data)[0]
    for day in sent:
        send_to_all(world, day)
    world.run(365 * DAY, [])
    fade = np.log(2) / half_life

    def used(days: Any) -> Any:
        excess = sum(-np.expm1(-fade * np.maximum(0.0, days - day)) / fade for day in sent)
        return rate / 365 * (days + lift * excess)

    left = np.array([time for time, *_ in moves(world)]) / DAY
    assert np.count_nonzero((left > 20) & (left < 40)) > N / 2
    check_distribution(-np.expm1(-used(left)), N, seen_to=-np.expm1(-used(365.0)), catches=0.034)


def test_the_lift_of_a_recurring_clock_outlives_its_firings() -> None:
    """Referrals of 60 days, of which a lift of 9 times the hazard lasts the last 30: counts of a Poisson process."""
    data = still(N // 2, 60, "HOLDING")
    clock(data, "refer")["rate"] = "3/y"
    clock(data, "refer").update(depends={}, half_life="60y")
    arriving_at_once(data, lifts={"refer": 9.0}, impulses={}, fit={})
    data["behaviour"]["impulses"] = {}
    world = begin(data)[0]
    send_to_all(world, 30)
    world.run(60 * DAY, [])
    referred = world.state.outcomes["referred"][: N // 2]
    mean = 3.0 / 365 * (30 + 30 * 10)
    expected = N // 2 * stats.poisson.pmf(np.arange(12), mean)
    counts = np.bincount(np.minimum(referred, 11), minlength=12)
    expected[11] = N // 2 * stats.poisson.sf(10, mean)
    check_table(counts, expected, catches=0.1)


def test_a_touch_that_does_not_fit_lifts_less() -> None:
    """The lift is multiplied by the content's fit to the stage, and is none where the fit is negative."""
    for fit in (0.5, -1.0):
        data = graph({"AWARENESS.need": ("LOST", 1.5)}, 60, "AWARENESS")
        clock(data, "AWARENESS.need")["half_life"] = "5d"
        arriving_at_once(data, lifts={"AWARENESS.need": 40.0}, fit={"AWARENESS": fit})
        world = begin(data)[0]
        send_to_all(world, 10)
        world.run(60 * DAY, [])
        days = np.append([time / DAY for time, *_ in moves(world)], 60.0)
        fade, strength = np.log(2) / 5.0, 40.0 * max(0.0, fit)
        excess = -np.expm1(-fade * np.maximum(0.0, days - 10)) / fade
        reached = -np.expm1(-1.5 / 365 * (days + strength * excess))
        check_distribution(reached[:-1], N, seen_to=reached[-1], catches=0.034)


def test_a_state_of_mind_decays_in_closed_form() -> None:
    """Read from a hazard, which takes the middle between two refreshes, after impulses on days 30 and 50; exact."""
    data = graph({"AWARENESS.need": ("LOST", 1e-6)}, 200, "AWARENESS", 300)
    clock(data, "AWARENESS.need")["depends"] = {"trust": 1.5}
    data["behaviour"]["states"]["trust"] |= {"half_life": "25d", "baseline": 0.2}
    data["behaviour"]["refresh"]["AWARENESS"] = "9d"
    arriving_at_once(data, impulses={"trust": 0.7}, fit={"AWARENESS": -0.5})
    world = begin(data)[0]
    still_rate = hazards(world, "AWARENESS.need")[1] / np.exp(1.5 * 0.2)
    for day in (30, 50):
        send_to_all(world, day)
    for day in (60, 100, 199):
        world.run(day * DAY, [])
        _, rate = hazards(world, "AWARENESS.need")
        rated = people(world)["rated_at"] / DAY
        middle = rated + 4.5
        assert np.all((rated > day - 9) & (rated > 50) & (rated <= day)) and len(set(rated)) > 250
        trust = 0.2 - 0.35 * (0.5 ** ((middle - 30) / 25) + 0.5 ** ((middle - 50) / 25))
        np.testing.assert_allclose(np.log(rate / still_rate) / 1.5, trust, atol=2e-6)


def test_a_state_of_mind_is_moved_as_far_as_it_can_be_and_no_further() -> None:
    """An impulse of 4, of which the state takes 1, and half of that 25 days later."""
    data = graph({"AWARENESS.need": ("LOST", 1e-6)}, 200, "AWARENESS", 300)
    data["behaviour"]["states"]["trust"] |= {"half_life": "25d", "baseline": 0.2, "most": 1.0}
    arriving_at_once(data, impulses={"trust": 4.0})
    world = begin(data)[0]
    send_to_all(world, 30)
    world.run(55 * DAY, [])
    k = list(world.scenario.behaviour.states).index("trust")
    trust = world.state_of_mind(world.state, slice(0, len(people(world))), k, 55 * DAY)
    np.testing.assert_allclose(trust, 0.2 + 0.5, atol=1e-6)


# --- sessions ---------------------------------------------------------------------------------------------------


def test_sessions_are_poisson_thinned_by_the_stage() -> None:
    """Sessions by stage, 60 a year before thinning, and the spread of their number between customers."""
    data = still(N, 90, {stage: 1 / len(STAGES) for stage in STAGES})
    sessions = data["behaviour"]["sessions"]
    sessions |= {"rate": "60/y", "depends": {}}
    active = [sessions["active"].get(stage, 0.0) for stage in STAGES]
    world = lived(data, 90)
    log, stage = events(world, "session"), people(world)["stage"]
    expected = 60 * 90 / 365 * np.array(active)
    each = np.bincount(log["customer"], minlength=N)
    counted, customers = np.bincount(stage, weights=each), np.bincount(stage)
    check_counts(counted, customers * expected, catches=0.2)
    spread = np.sum((each - expected[stage]) ** 2 / expected[stage])
    # Each term has variance 2 + 1/mean.
    bound = stats.norm.isf(5e-7) * np.sqrt(np.sum(2 + 1 / expected[stage]))
    assert abs(spread - N) < bound, "the number of sessions is not Poisson"
    assert bound < 0.12 * N
    for kind, share in (("product_page", sessions["product_page"]), ("service_use", sessions["service_use"])):
        did = np.bincount(stage[events(world, kind)["customer"]], minlength=len(STAGES))
        check_shares(did, counted, [share.get(name, 0.0) for name in STAGES], catches=0.13)


def test_sessions_follow_the_hours_of_the_day() -> None:
    """By hour, and evenly within the hour."""
    data = still(N, 60, "FIRST_PURCHASE")
    data["behaviour"]["sessions"] |= {"rate": "60/y", "depends": {}}
    log = events(lived(data, 60), "session")
    hours = np.array(data["behaviour"]["sessions"]["hours"], float)
    counted = np.bincount(log["time"] % DAY // 3600, minlength=24)
    check_table(counted, hours / hours.sum() * len(log), catches=0.03)
    check_distribution((log["time"] % 3600 + 0.5) / 3600, len(log), catches=0.02)
    check_table(np.bincount(log["time"] // DAY), np.full(60, len(log) / 60), catches=0.035)


def test_hours_in_which_hardly_anybody_is_awake_get_no_more_than_their_share() -> None:
    """A dozen hours begin within one bin of the table that guesses the hour."""
    data = still(N, 60, "FIRST_PURCHASE")
    data["behaviour"]["sessions"] |= {"rate": "60/y", "depends": {}, "hours": [1e-4] * 12 + [1.0] * 12}
    second = events(lived(data, 60), "session")["time"] % DAY
    awake = second[second >= 12 * 3600]
    # Of them 1 in 10,000: about 20.
    assert len(second) > 190_000 and 0 < len(second) - len(awake) < 60
    check_table(np.bincount(awake % 3600 // 600), np.full(6, len(awake) / 6), catches=0.035)


# --- arrivals and referrals -------------------------------------------------------------------------------------


def test_arrivals_come_at_their_rate_by_season_and_shock() -> None:
    """By month, with a shock in summer; by segment."""
    data = still(1000, 730, "AWARENESS")
    monthly = base().market.season.arrivals["advertising"]
    source = base().acquisition["advertising"]
    data["acquisition"] = {"advertising": {"rate": "200000/y", "cost": "1 CNY", "segments": source.segments}}
    data["market"] |= {
        "season": {"arrivals": {"advertising": list(monthly)}},
        "shocks": {"summer": {"start": "2026-07-10", "lasts": "40d", "arrivals": {"advertising": 2.5}}},
    }
    world = begin(data)[0]
    world.run(730 * DAY, [Acquisition(world.scenario, world.streams, world.branches, world.started_with)])
    joined = people(world)["joined"][1000:]
    assert np.all((joined >= 0) & (joined < 730 * DAY))
    dates = [world.date(day * DAY) for day in range(730)]
    month = np.array([(date.year - 2026) * 12 + date.month - 1 for date in dates])
    begins = datetime.date(2026, 7, 10)
    shock = np.array([2.5 if begins <= date < begins + datetime.timedelta(days=40) else 1.0 for date in dates])
    expected = 20_000 / 365 * np.bincount(month, weights=np.array(monthly)[month % 12] * shock)
    counted = np.bincount(month[joined // DAY], minlength=month.max() + 1)
    check_counts(counted[:-1], expected[:-1], catches=0.25)
    names = list(world.scenario.segments)
    by_segment = np.bincount(people(world)["segment"][1000:], minlength=len(names))
    shares = np.array([source.segments.get(name, 0.0) for name in names])
    check_table(by_segment, shares * len(joined), catches=0.045)


def test_referrals_come_at_their_rate_and_bring_a_friend_each() -> None:
    """Expected referrals of policyholders, Poisson from customer to customer; every friend joins once."""
    data = still(N, 224, "HOLDING")
    clock(data, "refer").update(rate="0.8/y", depends={})
    world = begin(data)[0]
    world.run(224 * DAY, [Acquisition(world.scenario, world.streams, world.branches, world.started_with)])
    referred = events(world, "refer")
    each = np.bincount(referred["customer"], minlength=N)
    mean = 0.8 * 224 / 365
    check_counts(len(referred), N * mean, catches=0.09)
    share = stats.poisson.pmf(np.arange(4), mean)
    counted = np.bincount(np.minimum(each, 4), minlength=5)
    check_table(counted, N * np.append(share, 1 - share.sum()), catches=0.07)
    friends = people(world)[N:]
    in_time = referred[referred["time"] < 210 * DAY]
    referrers = people(world)["key"][in_time["customer"]]
    assert sorted(friends["key"]) == sorted(world.streams.hashes("friend", referrers, in_time["detail"]))
    assert len(set(friends["key"])) == len(friends) and np.all(friends["joined"] % (14 * DAY) == 0)


# --- policies ---------------------------------------------------------------------------------------------------


def test_premiums_are_lognormal_around_their_median() -> None:
    """Of one product bought by everyone: median at the reference income, elasticity, spread."""
    name, product = next((name, rule) for name, rule in base().products.items() if not rule.needs_person)
    data = still(N, 60, "FIRST_PURCHASE")
    clock(data, "FIRST_PURCHASE.decide").update(rate="500/y", bands={}, depends={})
    data["products"][name]["choice"] = {"appeal": 60.0}
    data["products"][name]["premium"] |= {"income_elasticity": 0.8, "spread": 0.2}
    world = lived(data, 60)
    bought = events(world, "purchase")
    assert len(bought) == N and set(bought["detail"]) == {list(base().products).index(name)}
    traits = world.scenario.behaviour.traits
    log_income = world.state.traits[bought["customer"], list(traits).index("income")] * traits["income"].scale
    z = np.log(bought["amount"] / product.premium.median) - 0.8 * log_income
    for rich in (log_income > 0, log_income <= 0):
        check_shares(np.count_nonzero(z[rich] < 0), np.count_nonzero(rich), 0.5, catches=0.042)
    check_distribution(stats.norm.cdf(z / 0.2), N, catches=0.034)


@pytest.mark.parametrize("appeal", [1.4, -0.3])
def test_persistency_is_geometric(appeal: float) -> None:
    """Share of policies that pay k premiums, by the logistic of the appeal; an unpaid one lapses or is recovered."""
    recovery = -0.7
    data = still(N, 5 * 365, "HOLDING")
    bought_again(data, {"appeal": appeal}, {"appeal": recovery})
    data["behaviour"]["warning"]["silent_start"] = 0.0
    world = lived(data, 5 * 365)
    paid, recovered = 1 / (1 + np.exp(-appeal)), 1 / (1 + np.exp(-recovery))
    stays = paid + (1 - paid) * recovered
    payments = np.bincount(events(world, "premium")["customer"], minlength=N)
    at_least = [np.count_nonzero(payments >= k) for k in (1, 2, 3, 4)]
    check_shares(at_least, N, stays ** np.arange(1, 5), catches=0.031)
    outcomes = world.state.outcomes
    due, unpaid, lapsed = outcomes["due"].sum(), len(events(world, "unpaid")), len(events(world, "lapse"))
    check_shares(due - unpaid, due, paid, catches=0.03)
    check_shares(outcomes["short_again"].sum(), outcomes["short_due"].sum(), stays, catches=0.03)
    waiting = np.count_nonzero(world.state.policies["status"][world.state.policies["customer"] >= 0] == 2)
    check_shares(lapsed, unpaid - waiting, 1 - recovered, catches=0.05)
