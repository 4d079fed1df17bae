"""Episodes of the market: nothing before their first day, everything on it, nothing after the last."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import Described, base, begin, events, hazards, people, set_rate, still
from small_worlds import busy, described, differences, experiment, lives, log_of, new_world, small

from lifesim.experiment.unit import Experiment
from lifesim.population.columns import DAY, E_DELIVERED
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.episodes import Opening
from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import Practice
from lifesim.world.world import World

START = base().start
#: Those of a quiet world, which has no free cover.
PRODUCTS = [name for name in base().products if name != "free_cover"]


def date(day: float) -> str:
    """The date of a day counted from the start."""
    return str(START + datetime.timedelta(days=day))


def at(data: Described, *times: int) -> list[World]:
    """The same world at several times, each as it was then: a run to each of them."""
    worlds = []
    for time in times:
        world, parts = begin(data)
        world.run(time, parts)
        worlds.append(world)
    return worlds


def opening(**changes: Any) -> dict[str, Any]:
    return {"openings": {"spring": {"start": date(20), "lasts": "15d"} | changes}}


def aware(market: dict[str, Any]) -> Described:
    """300 prospects at rest in AWARENESS, who form a need at the same rate as long as nothing moves it."""
    data = still(300, 60, "AWARENESS")
    set_rate(data, "AWARENESS.need_formed", 0.2)
    data["market"] |= market
    return data


def test_an_opening_moves_hazards_from_its_first_day_to_its_last() -> None:
    """Everyone's hazard is three times as high at once, whenever it was due for evaluation; then it is as before."""
    market = opening(hazards={"AWARENESS.need_formed": 3.0})
    worlds = at(aware(market), 20 * DAY, 20 * DAY + 1, 35 * DAY, 35 * DAY + 1)
    plain = dict(zip(*(each.tolist() for each in hazards(at(aware({}), 0)[0], "AWARENESS.need_formed")), strict=True))
    for world, factor in zip(worlds, (1, 3, 3, 1), strict=True):
        rows, rates = hazards(world, "AWARENESS.need_formed")
        assert len(rows) > 200
        assert rates / [plain[row] for row in rows.tolist()] == pytest.approx(np.full(len(rows), factor), rel=1e-5)


EPISODES: dict[str, dict[str, Any]] = {
    "opening": {"openings": {"spring": {
        "start": "2026-02-04", "lasts": "20d", "hazards": {"AWARENESS.need_formed": 4.0, "FIRST_PURCHASE.decide": 2.0},
        "arrivals": {"advertising": 3.0}, "inquiries": 2.0, "desk": 0.5, "appeal": {"annuity": 2.0}}}},
    "withdrawal": {"withdrawals": {"old_medical": {
        "product": "medical", "announced": "2026-02-04", "last_day": "2026-02-12", "rush": 2.0,
        "hazards": {"FIRST_PURCHASE.decide": 3.0}}}},
    "price war": {"price_wars": {"cheap": {
        "start": "2026-02-04", "lasts": "20d", "by": "competitor", "cut": 0.3, "weight": 6.0,
        "hazards": {"HOLDING.competitor": 5.0}}}},
    "income shock": {"income_shocks": {"slump": {
        "start": "2026-02-04", "lasts": "20d", "segments": {"striving_youth": 0.5}, "income": 0.5}}},
    "consent tightening": {"consent_tightenings": {"law": {"day": "2026-02-04", "withdrawn": {"push": 0.5}}}},
}  # fmt: skip


def lively(market: dict[str, Any]) -> Experiment:
    """A world from 16 December on in which a lot happens, with prospects who arrive."""
    made = small(400)
    data = described(made)
    data["acquisition"]["advertising"]["rate"] = "4000/y"
    changed = made.replace(market=data["market"] | market, acquisition=data["acquisition"])
    return experiment(changed, {"control": busy()})


def lived_to(of: Experiment, day: int, practice: Practice | None = None) -> World:
    practice = practice or busy()
    world = new_world(of)
    world.run(day * DAY, of.parts(world, practice))
    return world


@pytest.fixture(scope="module")
def quiet_market() -> dict[int, World]:
    of = lively({})
    return {day: lived_to(of, day) for day in (50, 65)}


@pytest.mark.parametrize("name", EPISODES)
def test_nothing_happens_before_an_episode(quiet_market: dict[int, World], name: str) -> None:
    """4 February is day 50: up to it, nobody's life differs in any bit; two weeks later the world does."""
    of = lively(EPISODES[name])
    before, after = lived_to(of, 50), lived_to(of, 65)
    # Prospects are added up to two weeks before they join.
    known = people(quiet_market[50])
    same = known["key"][known["joined"] < 50 * DAY]
    assert differences(lives(quiet_market[50], only=same), lives(before, only=same)) == []
    assert differences(lives(quiet_market[65], only=same), lives(after, only=same)) != []


def test_a_spell_brings_its_own_arrivals_and_moves_no_other(quiet_market: dict[int, World]) -> None:
    """Three times as many prospects for two weeks: those who come anyway come at the same second."""
    with_it = lived_to(
        lively({"openings": {"spring": EPISODES["opening"]["openings"]["spring"] | {"hazards": {}}}}), 65
    )
    plain = people(quiet_market[65])
    plain = plain[(plain["source"] == 1) & (plain["joined"] < 65 * DAY)]
    more = people(with_it)
    more = more[(more["source"] == 1) & (more["joined"] < 65 * DAY)]
    joined = dict(zip(more["key"].tolist(), more["joined"].tolist(), strict=True))
    assert all(joined[key] == at for key, at in zip(plain["key"].tolist(), plain["joined"].tolist(), strict=True))
    extra = more["joined"][~np.isin(more["key"], plain["key"])]
    anyway = np.count_nonzero(plain["joined"] >= 50 * DAY)
    assert extra.min() >= 50 * DAY and anyway < len(extra) < 3.5 * anyway


def test_an_opening_puts_a_product_forward() -> None:
    """Everyone who decides within the two weeks takes it; before and after, hardly anybody."""
    data = still(600, 60, "FIRST_PURCHASE")
    set_rate(data, "FIRST_PURCHASE.decide", 1.0)
    data["market"] |= opening(appeal={"accident": 40.0})
    (world,) = at(data, 60 * DAY)
    decided = events(world, "decision")
    within = (decided["time"] >= 20 * DAY) & (decided["time"] < 35 * DAY)
    accident = decided["detail"] == PRODUCTS.index("accident")
    assert within.sum() > 50 and accident[within].all()
    assert (~within).sum() > 50 and accident[~within].mean() < 0.6


def test_a_yearly_opening_comes_back_on_its_date() -> None:
    each = Opening.model_validate({"start": "2024-02-29", "lasts": "10d", "yearly": True})
    last = datetime.date(2026, 12, 31)
    assert [(str(a), str(b)) for a, b in each.occurrences(last)] == [
        ("2024-02-29", "2024-03-10"), ("2025-02-28", "2025-03-10"), ("2026-02-28", "2026-03-10"),
    ]  # fmt: skip
    once = Opening.model_validate({"start": "2024-02-29", "lasts": "10d"})
    assert [str(a) for a, _ in once.occurrences(last)] == ["2024-02-29"]


def test_a_market_without_episodes_costs_nothing() -> None:
    world, parts = begin(aware({}))
    assert "script" not in {part.name for part in parts}
    assert world.rules.arrays["spells"].size == 0
    assert "script" in {part.name for part in begin(aware(opening(hazards={"AWARENESS.drift": 2})))[1]}


def deciding(market: dict[str, Any], days: int = 80, size: int = 800) -> Described:
    """Prospects at rest in FIRST_PURCHASE who decide sooner or later, half of whom compare; nothing else moves them."""
    data = still(size, days, "FIRST_PURCHASE")
    set_rate(data, "FIRST_PURCHASE.decide", 0.5)
    for product in data["products"].values():
        product["needs_person"] = False
    data["market"] |= market
    return data


def chosen(world: World) -> dict[int, tuple[int, int]]:
    """Time and alternative of the first decision of every customer who made one."""
    made = events(world, "decision")[::-1]
    return {int(e["customer"]): (int(e["time"]), int(e["detail"])) for e in made}


def compared(market: dict[str, Any]) -> tuple[Any, Any, Any]:
    """First decisions in a plain market and in another: times, alternatives in the one and in the other."""
    (plain,), (other,) = at(deciding({}), 80 * DAY), at(deciding(market), 80 * DAY)
    before, after = chosen(plain), chosen(other)
    assert {who: time for who, (time, _) in before.items()} == {who: time for who, (time, _) in after.items()}
    columns = np.array([(time, before[who][1], after[who][1]) for who, (time, _) in before.items()])
    assert len(columns) > 400
    return columns[:, 0], columns[:, 1], columns[:, 2]


def between(times: Any, first: float, last: float) -> Any:
    return (times >= first * DAY) & (times < last * DAY)


COMPETITOR = len(PRODUCTS)
MEDICAL = PRODUCTS.index("medical")


def test_a_withdrawn_product_is_sold_in_a_rush_and_then_not_at_all() -> None:
    """Everybody else chooses what they would have chosen anyway."""
    gone = {"product": "medical", "announced": date(20), "last_day": date(39), "rush": 1.5}
    times, plain, found = compared({"withdrawals": {"gone": gone}})
    rush, after = between(times, 20, 40), times >= 40 * DAY
    assert np.array_equal(plain[times < 20 * DAY], found[times < 20 * DAY])
    assert np.count_nonzero(found[rush] == MEDICAL) > 1.5 * np.count_nonzero(plain[rush] == MEDICAL) > 15
    assert np.count_nonzero(plain[after] == MEDICAL) > 10 and not np.any(found[after] == MEDICAL)
    for some, changed in ((rush, found == MEDICAL), (after, plain == MEDICAL)):
        assert np.array_equal(plain[some & ~changed], found[some & ~changed])


def test_policies_of_a_withdrawn_product_go_on() -> None:
    """Renewals of short cover fall due after the withdrawal and are paid."""
    data = still(300, 300, "HOLDING")
    data["segments"]["mainstream"] |= {"book": {"medical": 1.0}}
    data["market"] |= {"withdrawals": {"gone": {"product": "medical", "announced": date(5), "last_day": date(5)}}}
    data["segments"]["mainstream"]["policy_years"] = {"median": 0.5, "spread": 0.0, "low": 0.5, "high": 0.5}
    (world,) = at(data, 300 * DAY)
    assert len(events(world, "premium")) > 150


def test_a_cheaper_competitor_draws_those_who_compare_and_only_while_it_is_cheaper() -> None:
    war = {"start": date(20), "lasts": "30d", "by": "competitor", "cut": 0.5, "weight": 4.0}
    times, plain, found = compared({"price_wars": {"war": war}})
    within = between(times, 20, 50)
    assert np.array_equal(plain[~within], found[~within])
    moved = within & (plain != found)
    assert moved.sum() > 20 and np.all(found[moved] == COMPETITOR)


def test_a_cut_of_ours_draws_customers_until_the_competitor_copies_it() -> None:
    """From day 20 medical cover is cheaper; from day 40 the competitor is as much cheaper, up to day 60."""
    war = {"start": date(20), "lasts": "40d", "by": "us", "cut": 0.5, "weight": 4.0, "products": ["medical"]}
    times, plain, alone = compared({"price_wars": {"war": war}})
    _, _, copied = compared({"price_wars": {"war": war | {"copied_after": "20d"}}})
    within = between(times, 20, 60)
    assert np.array_equal(plain[~within], alone[~within])
    moved = within & (plain != alone)
    assert moved.sum() > 20 and np.all(alone[moved] == MEDICAL)
    late = between(times, 40, 60)
    assert np.array_equal(alone[~late], copied[~late])
    back = late & (alone != copied)
    assert back.sum() > 5 and np.all(copied[back] == COMPETITOR)


def test_a_competitor_may_copy_a_part_of_a_cut() -> None:
    war = {"start": date(20), "lasts": "40d", "by": "us", "cut": 0.5, "weight": 4.0, "products": ["medical"]}
    shares = []
    for copied in (0.0, 0.5, 1.0):
        _, _, found = compared({"price_wars": {"war": war | {"copied_after": "0d", "copied": copied}}})
        shares.append(np.count_nonzero(found == COMPETITOR))
    assert shares[0] < shares[1] < shares[2]


def test_a_price_cut_comes_out_of_the_margin_and_not_out_of_the_cover() -> None:
    """The same policies with and without a cut of a quarter; premiums and margins are rounded to the fen."""
    war = {"start": date(0), "lasts": "80d", "by": "us", "cut": 0.25, "weight": 0.0, "products": PRODUCTS}
    worlds = []
    for market in ({}, {"price_wars": {"war": war}}):
        data = deciding(market)
        for product in data["products"].values():
            product["sum_assured"] = {"multiple": 5.0}
        worlds += at(data, 80 * DAY)
    full, cut = (world.state.policies[world.state.policies["customer"] >= 0] for world in worlds)
    assert len(full) > 200 and np.array_equal(full["product"], cut["product"])
    assert np.abs(cut["premium"] - 0.75 * full["premium"]).max() <= 0.5 + 0.75 * 0.5
    lost = int((full["premium"] - cut["premium"]).sum())
    values = [int(world.state.outcomes["value"].sum()) for world in worlds]
    assert lost > 0 and abs(values[0] - values[1] - lost) <= 2 * len(full)
    for family in range(len(FAMILIES)):
        gaps = [world.gap(world.state, np.arange(len(people(world))), family, world.now) for world in worlds]
        assert gaps[0].std() > 0
        assert np.allclose(*gaps, atol=1e-4)


def poorer(**changes: Any) -> dict[str, Any]:
    return {"income_shocks": {"slump": {
        "start": date(20), "lasts": "15d", "segments": {"mainstream": 0.3}, "income": 0.4} | changes}}  # fmt: skip


def incomes(world: World) -> Any:
    """Incomes of the customers, CNY a year."""
    trait = world.scenario.behaviour.traits["income"]
    place = list(world.scenario.behaviour.traits).index("income")
    return trait.center * np.exp(world.state.traits[: len(people(world)), place].astype(float) * trait.scale)


def test_an_income_shock_takes_a_part_of_the_income_of_a_part_of_a_segment_for_a_time() -> None:
    data = still(2_000, 60, "AWARENESS")
    data["market"] |= poorer()
    before, during, late, after = at(data, 20 * DAY, 20 * DAY + 1, 35 * DAY, 35 * DAY + 1)
    ratio = incomes(during) / incomes(before)
    hit = ratio < 0.99
    assert ratio[hit] == pytest.approx(np.full(hit.sum(), 0.6), rel=1e-5) and np.all(ratio[~hit] == 1.0)
    check_shares(hit.sum(), len(hit), 0.3, catches=0.11)
    assert np.array_equal(incomes(late), incomes(during))
    assert np.array_equal(after.state.traits, before.state.traits)


def test_two_income_shocks_may_meet_and_leave_no_trace() -> None:
    data = still(500, 60, "AWARENESS")
    data["market"] |= poorer(segments={"mainstream": 1.0})
    data["market"]["income_shocks"]["second"] = {
        "start": date(30), "lasts": "20d", "segments": {"mainstream": 1.0}, "income": 0.5}  # fmt: skip
    worlds = at(data, *(day * DAY for day in (0, 25, 33, 40, 55)))
    for world, left in zip(worlds, (1.0, 0.6, 0.3, 0.5, 1.0), strict=True):
        assert incomes(world) == pytest.approx(left * incomes(worlds[0]), rel=1e-5)
    assert np.array_equal(worlds[0].state.traits, worlds[-1].state.traits)


def test_who_earns_less_fails_to_pay_more_often() -> None:
    """Premiums due in the slump, not paid because the customer cannot; those not hit pay as if there were none."""
    data = still(3_000, 60, "HOLDING")
    segment = data["segments"]["mainstream"]
    segment |= {
        "book": {"critical_illness": 1.0},
        "policy_years": {"median": 0.93, "spread": 0.03, "low": 0.85, "high": 0.98},
    }
    for cause, each in data["behaviour"]["unpaid"].items():
        each |= {"chance": 0.2 if cause == "cannot_pay" else 0.0}
    data["behaviour"]["unpaid"]["cannot_pay"]["depends"] = {"income": -3.0}
    slump = poorer(start=date(0), lasts="60d")
    (plain,), (hard,) = (at(data | {"market": data["market"] | market}, 60 * DAY) for market in ({}, slump))
    unpaid = [set(events(world, "unpaid")["customer"].tolist()) for world in (plain, hard)]
    hit = set(np.flatnonzero(incomes(hard) < 0.99 * incomes(plain)).tolist())
    assert unpaid[0] < unpaid[1] and unpaid[1] - unpaid[0] <= hit
    assert len(unpaid[1] & hit) > 1.5 * len(unpaid[0] & hit) > 75


TIGHTER = {"consent_tightenings": {"law": {"day": date(20), "withdrawn": {"push": 0.5, "sms": 1.0}}}}


def test_consents_are_withdrawn_on_a_day_by_customer_and_channel() -> None:
    """Half of those to push, all of those to SMS, none of those to calls, whoever else lives in the world."""
    kept = []
    for size in (1_000, 500):
        data = still(size, 60, "AWARENESS")
        data["market"] |= TIGHTER
        before, after = at(data, 20 * DAY, 20 * DAY + 1)
        assert np.all(people(before)["consent"] == (1 << len(CHANNELS)) - 1)
        left = people(after)["consent"]
        assert np.all(left & 0b010 == 0) and np.all(left & 0b100)
        kept.append(dict(zip(people(after)["key"].tolist(), (left & 1).tolist(), strict=True)))
    check_shares(sum(kept[0].values()), 1_000, 0.5, catches=0.16)
    assert kept[1].items() <= kept[0].items()


def test_who_joins_after_a_tightening_brings_as_few_consents() -> None:
    data = still(500, 60, "AWARENESS")
    data["acquisition"] = described(small())["acquisition"]
    data["acquisition"]["advertising"] |= {"rate": "400000/y", "segments": {"mainstream": 1.0}}
    data["market"] |= TIGHTER
    (world,) = at(data, 60 * DAY)
    new = people(world)[people(world)["source"] > 0]
    late = new[(new["joined"] >= 20 * DAY) & (new["joined"] < 60 * DAY)]
    assert len(new) - len(late) > 50 and np.all(new["consent"] & 0b110 == 0b100)
    check_shares(np.count_nonzero(late["consent"] & 1), len(late), 0.5, catches=0.12)


def test_marketing_stops_where_the_consent_is_gone() -> None:
    """Push to most customers every other day, until nobody consents from day 40 on."""
    tighter = {"consent_tightenings": {"law": {"day": date(20), "withdrawn": {"push": 1.0}}}}
    for market, stops in ((tighter, True), ({}, False)):
        log = log_of(lived_to(lively(market), 60))
        sent = log["time"][(log["campaign"] == "news") & (log["kind"] == E_DELIVERED)]
        assert np.count_nonzero(sent < 40 * DAY) > 500
        # Those sent on the last day before may be on their way for minutes, or wait for the end of quiet hours.
        assert bool(np.any(sent >= 41 * DAY)) is not stops
