"""Claims by product and age, their settlement, what customers make of them, and requests for changes of a policy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from chance import check_counts, check_distribution, check_shares
from quiet_world import Described, begin, bought_again, clock, events, hazards, lived, people, still
from scipy import stats

from lifesim.population.columns import CLAIM_OUTCOMES, DAY, SUSPENDED, YEAR
from lifesim.scenario.facts import load_facts
from lifesim.world.world import World

SIZE, DAYS = 20_000, 180
#: Per product: claims a year at factor one, mean and spread of a claim over the premium (none: exponential).
TABLES: dict[str, tuple[float, float, float | None]] = {
    "accident": (0.6, 12.0, 1.1),
    "medical": (1.0, 3.0, None),
    "critical_illness": (0.8, 20.0, 0.5),
    "annuity": (0, 5, 0.2),
}
BY_AGE = {"0-34": 0.5, "35-44": 1.0, "45+": 2.0}
HARDLY_FADES = "60y"


def claiming(size: int = SIZE, days: int = DAYS) -> Described:
    """Policyholders at rest but for claims, more of them than in life; half of them hold two policies."""
    data = still(size, days, "HOLDING")
    clock(data, "claim").update(rate="1/y", depends={})
    data["segments"]["mainstream"]["second_policy"] = 0.5
    data["segments"]["mainstream"]["book"] = dict.fromkeys(TABLES, 0.25)
    for name, (incidence, mean, spread) in TABLES.items():
        by_age = [{"ages": ages, "factor": factor} for ages, factor in BY_AGE.items()]
        severity = {"mean": mean, "spread": spread}
        data["products"][name]["claims"] = {"incidence": incidence, "by_age": by_age, "severity": severity}
    return data


def held(world: World) -> Any:
    """Policies of customers that are not suspended."""
    policies = world.state.policies
    return policies[(policies["customer"] >= 0) & (policies["status"] < SUSPENDED)].copy()


def expected_rate(world: World, policies: Any) -> Any:
    """Claims a year on each policy, from the tables above."""
    age = np.floor(ages(world)[policies["customer"]] + 1e-4)
    factor = np.array(list(BY_AGE.values()))[np.searchsorted([35, 45], age, side="right")]
    incidence = np.array([TABLES[name][0] if name in TABLES else 0.0 for name in world.scenario.products])
    return incidence[policies["product"]] * factor


def ages(world: World) -> Any:
    traits = world.scenario.behaviour.traits
    age = traits["age"]
    return age.center + age.scale * world.state.traits[: len(people(world)), list(traits).index("age")].astype(float)


@pytest.mark.analytic
def test_expected_claims_are_incidence_times_exposure_times_severity() -> None:
    """By product and by age; exposure ends with a surrender, drawn at half a year's mean."""
    data = claiming()
    clock(data, "HOLDING.surrender").update(rate="2/y", depends={})
    world, _ = begin(data)
    policies = held(world)
    rate = expected_rate(world, policies)
    world.run(DAYS * DAY, [])
    left = np.full(SIZE, DAYS * DAY)
    ended = events(world, "surrender")
    left[ended["customer"]] = ended["time"]
    assert 0.3 < np.mean(left < DAYS * DAY) < 0.9
    claims = events(world, "claim")
    years = left[policies["customer"]] / YEAR
    old = ages(world) >= 45
    for product, (name, (incidence, mean, _)) in enumerate(TABLES.items()):
        of_product, made = policies["product"] == product, claims[claims["detail"] == product]
        if incidence == 0:
            assert len(made) == 0, name
            continue
        for group in (old, ~old):
            mine = of_product & group[policies["customer"]]
            counted = np.count_nonzero(group[made["customer"]])
            check_counts(counted, (rate * years)[mine].sum(), catches=0.3)
        expected = (rate * years * policies["premium"])[of_product].sum() * mean
        assert abs(made["amount"].sum() / expected - 1) < 5.5 * deviation(name, rate, years, policies, of_product)


def deviation(name: str, rate: Any, years: Any, policies: Any, mine: Any) -> float:
    """Standard deviation of the sum of claims over its mean: compound Poisson."""
    _, mean, spread = TABLES[name]
    second = 2 * mean**2 if spread is None else mean**2 * math.exp(spread**2)
    weight = rate[mine] * years[mine]
    premium = policies["premium"][mine].astype(float)
    return float(math.sqrt((weight * premium**2).sum() * second) / ((weight * premium).sum() * mean))


@pytest.mark.analytic
def test_severity_is_lognormal_or_exponential() -> None:
    data = claiming()
    clock(data, "claim")["rate"] = "3/y"
    world, _ = begin(data)
    policies = held(world)
    world.run(DAYS * DAY, [])
    claims = events(world, "claim")
    premium = np.zeros(SIZE)
    premium[policies["customer"]] = policies["premium"]
    single = people(world)["policies"] == 1
    for product, (name, (incidence, mean, spread)) in enumerate(TABLES.items()):
        made = claims[(claims["detail"] == product) & single[claims["customer"]]]
        relative = made["amount"] / premium[made["customer"]] / mean
        if incidence == 0:
            assert len(made) == 0, name
        elif spread is None:
            check_distribution(-np.expm1(-relative), len(made), catches=0.1)
        else:
            check_distribution(stats.norm.cdf(np.log(relative) / spread + spread / 2), len(made), catches=0.1)


def test_the_hazard_is_the_sum_over_the_policies_in_force_at_every_time() -> None:
    """Also on the day after one of two policies lapsed, long before the hazards are looked at again."""
    data = claiming(2_000, 420)
    for name in TABLES:
        data["products"][name]["claims"]["incidence"] *= 1e-3
    bought_again(data, {"appeal": -60.0}, {"appeal": -60.0})
    data["products"]["medical"] |= {"renewal": {"appeal": 60.0}}
    data["behaviour"]["warning"]["silent_start"] = 0.0
    data["behaviour"]["refresh"] = dict.fromkeys(data["behaviour"]["refresh"], "900d")
    world, _ = begin(data)
    lapsed = 0
    for day in (0, 380, 400):
        world.run(day * DAY, [])
        policies = held(world)
        total = np.zeros(len(people(world)))
        np.add.at(total, policies["customer"], 1e-3 * expected_rate(world, policies))
        who, rate = hazards(world, "claim")
        np.testing.assert_allclose(rate * YEAR, total[who], rtol=1e-5)
        lapsed = len(set(events(world, "lapse")["customer"].tolist()) & set(who.tolist()))
    assert lapsed > 100


def test_one_policy_more_takes_claims_from_no_other_to_another() -> None:
    """Of customers whose hazard is the same, the choice changes towards the policy with more incidence only."""
    chosen = []
    for factor in (1.0, 3.0):
        data = claiming(3_000)
        # The same hazard of the customer in both: whoever claims in both worlds claims at the same time.
        data["segments"]["mainstream"]["second_policy"] = 1.0
        for name, (incidence, *_) in TABLES.items():
            data["products"][name]["claims"] |= {"incidence": incidence * (factor if name == "medical" else 1)}
        first: dict[int, int] = {}
        for event in events(lived(data, DAYS), "claim"):
            first.setdefault(int(event["customer"]), int(event["detail"]))
        chosen.append(first)
    before, after = chosen
    changed = {after[customer] for customer in before if after[customer] != before[customer]}
    assert changed == {list(TABLES).index("medical")}


@pytest.mark.analytic
def test_claims_are_settled_by_outcome_after_a_lognormal_time() -> None:
    data = claiming(days=240)
    for name in TABLES:
        data["products"][name]["claims"]["incidence"] = 0.3
    settlement = {"disappointed": 0.4, "refused": 0.25, "reduced_to": 0.6, "takes": {"median": "10d", "spread": 0.5}}
    data["behaviour"]["claims"] = settlement
    world = lived(data, 240)
    claims, settled = events(world, "claim"), events(world, "settled")
    outcomes = world.state.outcomes
    assert outcomes["claims_made"].sum() == len(claims) and outcomes["claims"].sum() == settled["amount"].sum()
    once = set(claims["customer"][np.bincount(claims["customer"], minlength=SIZE)[claims["customer"]] == 1].tolist())
    early = {int(c["customer"]): c for c in claims if c["time"] < 120 * DAY and int(c["customer"]) in once}
    later = {int(s["customer"]): s for s in settled if int(s["customer"]) in early}
    assert set(later) == set(early) and len(early) > 1500
    kinds = np.array([later[row]["detail"] // 256 for row in early])
    shares = [CLAIM_OUTCOMES.index(name) for name in ("paid", "reduced", "refused")]
    check_shares([np.count_nonzero(kinds == k) for k in shares], len(kinds), [0.6, 0.3, 0.1], catches=0.11)
    for row, kind in zip(early, kinds, strict=True):
        claimed, paid = int(early[row]["amount"]), int(later[row]["amount"])
        assert paid == (claimed, round(claimed * 0.6), 0)[kind] and early[row]["detail"] == later[row]["detail"] % 256
    days = np.array([(int(later[row]["time"]) - int(early[row]["time"])) / DAY for row in early])
    check_distribution(stats.norm.cdf(np.log(days / 10) / 0.5), len(days), catches=0.11)


def test_satisfaction_after_a_claim_follows_outcome_and_time() -> None:
    """Of customers with one settled claim: the impulse of its outcome, less so much for each doubling of the time."""
    data = claiming(6_000)
    behaviour = data["behaviour"]
    behaviour["claims"] |= {"disappointed": 0.5, "refused": 0.5, "takes": {"median": "10d", "spread": 0.6}}
    felt = {"claim_paid": 0.5, "claim_reduced": -0.6, "claim_refused": -1.2}
    behaviour["impulses"] = {name: {"satisfaction": amount} for name, amount in felt.items()}
    behaviour["impulses"]["claim_waited"] = {"satisfaction": -0.15}
    behaviour["states"]["satisfaction"]["half_life"] = HARDLY_FADES
    world = lived(data, DAYS)
    claims, settled = events(world, "claim"), events(world, "settled")
    filed = {int(event["customer"]): int(event["time"]) for event in claims[::-1]}
    one = np.bincount(claims["customer"], minlength=6_000) == 1
    offset = world.state.mind["offset"][:, list(world.scenario.behaviour.states).index("satisfaction")]
    seen = set()
    for event in settled[one[settled["customer"]]]:
        row, kind = int(event["customer"]), CLAIM_OUTCOMES[event["detail"] // 256]
        doublings = math.log2((int(event["time"]) - filed[row]) / (10 * DAY))
        assert offset[row] == pytest.approx(felt[f"claim_{kind}"] - 0.15 * doublings, abs=1e-5)
        seen.add(kind)
    assert seen == set(CLAIM_OUTCOMES)
    waiting = one & ~np.isin(np.arange(6_000), settled["customer"])
    assert waiting.sum() > 50 and not offset[:6_000][waiting].any()


@pytest.mark.analytic
def test_requests_are_felt_by_how_fast_they_are_answered() -> None:
    data = still(SIZE, DAYS, "HOLDING")
    clock(data, "request").update(rate="0.8/y", depends={})
    behaviour = data["behaviour"]
    behaviour["requests"] = {"takes": {"median": "2d", "spread": 0.7}}
    behaviour["impulses"] = {"request_answered": {"satisfaction": 0.05}, "request_waited": {"satisfaction": -0.06}}
    behaviour["states"]["satisfaction"]["half_life"] = HARDLY_FADES
    world = lived(data, DAYS)
    answered = events(world, "request")
    check_counts(len(answered), SIZE * 0.8 * DAYS / 365, catches=0.1)
    once = np.bincount(answered["customer"], minlength=SIZE) == 1
    offset = world.state.mind["offset"][:SIZE, list(world.scenario.behaviour.states).index("satisfaction")][once]
    doublings = (0.05 - offset.astype(float)) / 0.06
    check_distribution(stats.norm.cdf(doublings * math.log(2) / 0.7), len(doublings), catches=0.07)
    days = np.zeros(SIZE)
    days[answered["customer"]] = answered["detail"]
    whole = 2 * 2.0**doublings
    assert np.all((days[once] <= whole + 0.01) & (days[once] > whole - 1.01))


@pytest.mark.analytic
def test_ten_points_of_satisfaction_lift_referrals_by_the_sourced_share() -> None:
    """Ten points of a hundred are half a score: the lift that the fact gives lies in the interval of the simulated."""
    counted = []
    for amount in (0.0, 0.5):
        data = still(SIZE, 365, "HOLDING")
        clock(data, "refer")["rate"] = "3/y"
        data["behaviour"]["states"]["satisfaction"]["baseline"] += amount
        counted.append(len(events(lived(data, 365), "refer")))
    lift = load_facts()["stages.referral_lift_per_10pt_claim_satisfaction"].value
    spread = math.sqrt(sum(1 / n for n in counted))
    low, high = (counted[1] / counted[0] * math.exp(z * spread) - 1 for z in (-4.9, 4.9))
    assert low < lift < high and high - low < 0.08, (low, high)
