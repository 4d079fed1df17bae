"""Every arrow of the lifecycle: it is taken when its clock runs, never when it does not, and leads where it should.

``docs/transitions.md`` names, for every arrow and process, the test here that fails without it.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import (
    Described,
    base,
    begin,
    bought_again,
    clock,
    described,
    events,
    hazards,
    lived,
    moves,
    people,
    set_rate,
    still,
)
from small_worlds import FirstSeat, busy

from lifesim.population.columns import (
    COMPARER,
    DAY,
    E_INQUIRY,
    E_OPENED,
    E_PRODUCT_PAGE,
    E_PURCHASE,
    E_REFER,
    E_SERVICE_USE,
    E_SESSION,
    E_STAGE,
    EVENTS,
    LOST_CAUSES,
    MILESTONES,
    NEVER,
    NO_DAY,
)
from lifesim.scenario import STAGES
from lifesim.strategy import Practice
from lifesim.world.world import World

BEHAVIOUR = base().behaviour
CLOCKS = {**BEHAVIOUR.transitions, **BEHAVIOUR.processes}
#: Those of a quiet world, in order.
PRODUCTS = [name for name in base().products if name != "free_cover"]
EVERY_STAGE = {stage: 1 / len(STAGES) for stage in STAGES}
#: Why a customer is lost, by the name of the arrow that leads to LOST.
LOST_BY = {"competitor": "competitor", "surrender": "surrendered", "drift": "drifted", "death": "died"}
#: Where the arrows lead that decide for themselves.
DECIDED = {
    "decide": {("HOLDING", "none"), ("LOST", "competitor"), ("AWARENESS", "none")},
    "upsell": {("HOLDING", "none")},
    "win_back": {("HOLDING", "none")},
    "escalate": set(),
}
DAYS = 120


def alone(name: str, times: float, size: int = 2000) -> Any:
    """A world where nothing but one transition or process runs, at ``times`` its rate and without bands."""
    data = still(size, DAYS, name.partition(".")[0] if "." in name else EVERY_STAGE)
    set_rate(data, name, times)
    clock(data, name)["bands"] = {}
    return data


# --- arrows and processes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BEHAVIOUR.transitions)
def test_arrow_is_taken(name: str) -> None:
    """Twenty times as fast it is taken by as many as its hazard says, within 9 percentage points; at rest by nobody."""
    data = alone(name, 20)
    rate = hazards(begin(data)[0], name)[1]
    world = lived(data, DAYS)
    rule = BEHAVIOUR.transitions[name]
    stage, _, cause = name.partition(".")
    taken = moves(world)
    went_on = (
        events(world, "phase")["customer"] if rule.event == "escalate" else [customer for _, customer, *_ in taken]
    )
    check_shares(len(set(went_on)), len(rate), np.mean(-np.expm1(-rate * DAYS * DAY)), catches=0.09)
    if rule.event == "move":
        assert {(source, to) for _, _, source, to, _ in taken} == {(stage, rule.to)}
        if rule.to == "LOST":
            assert {why for *_, why in taken} == {LOST_BY[cause]}
    else:
        assert {(source, to, why) for _, _, source, to, why in taken} == {(stage, *led) for led in DECIDED[rule.event]}
    at_rest = lived(alone(name, 0), DAYS)
    assert moves(at_rest) == [] and len(events(at_rest, "phase")) == 0


@pytest.mark.parametrize("name", BEHAVIOUR.processes)
def test_process_runs_in_its_stages(name: str) -> None:
    """It happens in every stage that the scenario names, in no other, and not at rest; nobody moves."""
    world = lived(alone(name, 20, 3000), DAYS)
    happened = events(world, BEHAVIOUR.processes[name].event)
    assert {STAGES[s] for s in people(world)["stage"][happened["customer"]]} == set(BEHAVIOUR.processes[name].stages)
    assert moves(world) == []
    assert len(lived(alone(name, 0), DAYS).event_log()) == 0


def test_no_arrow_beyond_those_described() -> None:
    """In a world where everything happens, every move is an arrow of the scenario or of the contract's calendar."""
    arrows: set[tuple[str, str]] = {
        (name.partition(".")[0], rule.to) for name, rule in BEHAVIOUR.transitions.items() if rule.to
    }
    arrows |= {("FIRST_PURCHASE", to) for to, _ in DECIDED["decide"]} | {("LOST", "HOLDING"), ("LOST", "AWARENESS")}
    # Who has applied waits for the underwriting as a prospect.
    arrows |= {("HOLDING", "RENEWAL_UPSELL"), ("RENEWAL_UPSELL", "HOLDING"), ("AWARENESS", "HOLDING")}
    arrows |= {("HOLDING", "AWARENESS")}  # the only policy is given back in its cooling-off period
    arrows |= {(stage, "CHURN_WARNING") for stage in ("HOLDING", "RENEWAL_UPSELL")}
    arrows |= {(stage, "LOST") for stage in ("HOLDING", "RENEWAL_UPSELL", "CHURN_WARNING")}
    seen = {(source, to) for _, _, source, to, _ in moves(whole())}
    assert seen == arrows


def test_only_the_lost_have_a_reason_to_be_lost() -> None:
    world = whole()
    assert {to for _, _, _, to, why in moves(world) if why != "none"} == {"LOST"}
    lost = people(world)["stage"] == STAGES.index("LOST")
    assert not np.any(people(world)["cause"][~lost])


def test_the_lost_keep_their_cause() -> None:
    world = whole()
    last = {customer: why for _, customer, _, to, why in moves(world) if to == "LOST"}
    lost = people(world)["stage"] == STAGES.index("LOST")
    kept = {row: LOST_CAUSES[people(world)["cause"][row]] for row in last if lost[row]}
    assert kept == {row: last[row] for row in kept}
    assert set(kept.values()) == {"competitor", "surrendered", "lapsed", "drifted", "died", "disappointed", "claimed"}


def test_the_dead_stay_dead() -> None:
    """Whoever died comes back to nothing: no move, no session, no life event, no policy."""
    data = still(2000, DAYS, "HOLDING")
    for name, times in (("HOLDING.death", 2000), ("LOST.win_back", 50), ("LOST.return", 50)):
        set_rate(data, name, times)
    data["behaviour"]["life_events"] = {"income": {"rate": "6/y"}}
    data["behaviour"]["sessions"] |= {"rate": "200/y", "active": {"LOST": 1.0}}
    world = lived(data, DAYS)
    died = {customer: time for time, customer, _, _, why in moves(world) if why == "died"}
    assert len(died) > 500
    log = world.event_log()
    after = [EVENTS[e["kind"]] for e in log if e["time"] > died.get(int(e["customer"]), NEVER)]
    assert Counter(after) == {}


# --- hazards and their covariates -------------------------------------------------------------------------------


@cache
def mixed(covariate: str) -> Any:
    """A world at time 0 with customers in every stage, in which one covariate is larger by one."""
    data = still(600, 1, EVERY_STAGE)
    for name in CLOCKS:
        set_rate(data, name, 1)
    behaviour = data["behaviour"]
    behaviour["decision"]["comparing"] = float(covariate == "comparer")
    kind = data["segments"]["mainstream"]
    kind |= {"orphans": float(covariate == "orphan"), "second_policy": float(covariate == "policies")}
    if covariate in behaviour["traits"]:
        trait = behaviour["traits"][covariate]
        lower = trait["center"] - trait["scale"]
        trait["center"] = trait["center"] / math.exp(trait["scale"]) if trait["log"] else lower
    elif covariate in behaviour["states"]:
        behaviour["states"][covariate]["baseline"] += 1.0
    elif covariate.startswith("gap_"):
        behaviour["cover"][covariate.removeprefix("gap_")]["years"] += 1.0
    return begin(data)[0]


def ratio(name: str, covariate: str) -> Any:
    """Factor on the hazard of every customer when a covariate grows by one."""
    who, rate = hazards(mixed(covariate), name)
    who_before, before = hazards(mixed(""), name)
    # Who holds no policy on which there are claims makes none.
    some = (before > 0) | (name != "claim")
    assert np.array_equal(who, who_before) and np.count_nonzero(some) > 50 and np.all(before[some] > 0)
    assert not rate[~some].any()
    return rate[some] / before[some]


PAIRS = [(name, covariate) for name, rule in CLOCKS.items() for covariate in rule.depends if covariate != "phase"]


@pytest.mark.parametrize(("name", "covariate"), PAIRS)
def test_hazard_follows_covariate(name: str, covariate: str) -> None:
    """One more of the covariate multiplies the hazard by the exponential of its coefficient."""
    coefficient = CLOCKS[name].depends[covariate]
    assert coefficient != 0
    np.testing.assert_allclose(ratio(name, covariate), math.exp(coefficient), rtol=1e-4)


@pytest.mark.parametrize("covariate", sorted({covariate for _, covariate in PAIRS}))
def test_hazard_follows_nothing_else(covariate: str) -> None:
    for name, rule in CLOCKS.items():
        # Claims come at the incidence of the policies in force, see test_claims.py.
        if covariate not in rule.depends and (name, covariate) != ("claim", "policies"):
            np.testing.assert_array_equal(ratio(name, covariate), 1.0, err_msg=name)


@pytest.mark.parametrize("name", [name for name, rule in CLOCKS.items() if "phase" in rule.depends])
@pytest.mark.parametrize("complaint", [0.0, 1.0])
def test_hazard_follows_phase(name: str, complaint: float) -> None:
    """Rates of the same customers before and after the warning has gone on to its next phase."""
    data = still(500, 20, "CHURN_WARNING")
    data["behaviour"]["warning"] |= {"complaint": complaint, "regulator": 0.0, "regulator_at_once": 0.0}
    set_rate(data, name, 1e-3)
    set_rate(data, "CHURN_WARNING.escalate", 1)
    who, before = hazards(begin(data)[0], name)
    world = lived(data, 20)
    _, after = hazards(world, name)
    phase = people(world)["phase"][who]
    assert set(phase) == ({1, 2, 3} if complaint else {1, 3})
    factor = np.exp(CLOCKS[name].depends["phase"] * (phase.astype(float) - 1))
    np.testing.assert_allclose(after / before, factor, rtol=1e-4)


# --- the decision -----------------------------------------------------------------------------------------------

ALTERNATIVES = [*PRODUCTS, "competitor", "put_off"]


def deciding(appeal: dict[str, float] | None = None, size: int = 1500) -> Described:
    """Customers who decide within days; ``appeal`` of alternatives replaces that of the scenario."""
    data = still(size, 60, "FIRST_PURCHASE")
    clock(data, "FIRST_PURCHASE.decide").update(rate="60/y", bands={}, depends={})
    for name, value in (appeal or {}).items():
        alternative(data, name).update(appeal=value, depends={})
    return data


def alternative(data: Described, name: str) -> dict[str, Any]:
    """The description of one way a decision can end."""
    if name in data["products"]:
        return data["products"][name]["choice"]  # type: ignore[no-any-return]
    return data["behaviour"]["decision"][name]  # type: ignore[no-any-return]


def first_decisions(data: Described) -> dict[int, str]:
    """What every customer chose first."""
    chosen: dict[int, str] = {}
    for event in events(lived(data, 60), "decision"):
        chosen.setdefault(int(event["customer"]), ALTERNATIVES[event["detail"]])
    return chosen


def test_decision_ends_in_a_policy_a_loss_or_another_day() -> None:
    world = lived(deciding(), 60)
    decided = {(int(e["time"]), int(e["customer"])): ALTERNATIVES[e["detail"]] for e in events(world, "decision")}
    led = {(time, customer): to for time, customer, _, to, _ in moves(world)}
    where = {**dict.fromkeys(PRODUCTS, "HOLDING"), "competitor": "LOST", "put_off": "AWARENESS"}
    assert led == {key: where[chosen] for key, chosen in decided.items()}
    bought = {(int(e["time"]), int(e["customer"])): PRODUCTS[e["detail"]] for e in events(world, "purchase")}
    assert bought == {key: chosen for key, chosen in decided.items() if chosen in PRODUCTS}
    holders = people(world)["stage"] == STAGES.index("HOLDING")
    assert np.array_equal(people(world)["policies"] == 1, holders)


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_more_appeal_draws_customers_to_it_and_between_no_others(name: str) -> None:
    """Anything that can be closed without a person gains, and whoever changes changes to it."""
    before, data = first_decisions(deciding()), deciding()
    alternative(data, name)["appeal"] += 2.0
    after = first_decisions(data)
    changed = {after[customer] for customer in before if after[customer] != before[customer]}
    out_of_reach = name in PRODUCTS and base().products[name].needs_person
    assert changed == (set() if out_of_reach else {name})


def test_only_those_who_compare_buy_elsewhere() -> None:
    data = deciding({"competitor": 50.0})
    chosen = first_decisions(data)
    compares = people(begin(data)[0])["marks"] & COMPARER > 0
    assert 0 < np.count_nonzero(compares) < len(compares)
    assert {customer for customer, what in chosen.items() if what == "competitor"} == {c for c in chosen if compares[c]}


def test_products_that_need_a_person_wait_for_an_adviser() -> None:
    """Irresistible, yet only customers whom an adviser answered since they began to decide buy it."""
    product = next(name for name, rule in base().products.items() if rule.needs_person)
    data = deciding({product: 50.0})
    clock(data, "FIRST_PURCHASE.decide")["rate"] = "12/y"
    data["behaviour"]["sessions"] |= {"rate": "60/y", "product_page": {"FIRST_PURCHASE": 1.0}, "inquiry": 1.0}
    data["desk"]["seats"] = {"all": {"per_10k": 100, "calls_per_hour": 20, "skill": 0}}
    bought = {}
    for practice in (Practice(), Practice(allocation=FirstSeat())):
        world, parts = begin(data, practice)
        world.run(60 * DAY, parts)
        assert len(events(world, "inquiry")) > 100
        chosen = {int(e["customer"]): e for e in events(world, "decision")[::-1]}
        answered: dict[int, int] = {}
        for event in events(world, "opened"):
            answered.setdefault(int(event["customer"]), int(event["time"]))
        advised = {c for c, e in chosen.items() if answered.get(c, NEVER) <= e["time"]}
        bought[bool(answered)] = {c for c, e in chosen.items() if ALTERNATIVES[e["detail"]] == product}
        assert bought[bool(answered)] == advised
    assert bought[False] == set() and 100 < len(bought[True]) < len(chosen)


# --- further purchases and win-back -----------------------------------------------------------------------------


def test_further_premiums_grow_with_tenure_up_to_the_potential() -> None:
    data = still(1500, 30, "RENEWAL_UPSELL")
    data["segments"]["mainstream"]["policy_years"] = {"median": 2.5, "spread": 1.0, "low": 0.1, "high": 15}
    for product in data["products"].values():
        product["premium"] |= {"spread": 0.0, "income_elasticity": 0.0}
        if product["payment"]:
            product["payment"]["frequency"] = {"yearly": 1.0}
    set_rate(data, "RENEWAL_UPSELL.upsell", 100)
    world = lived(data, 30)
    rules, upsell = [base().products[name] for name in PRODUCTS], BEHAVIOUR.upsell
    bought = events(world, "purchase")
    # In whole days.
    tenure = (bought["time"] // DAY - people(world)["joined"][bought["customer"]] // DAY) * DAY
    grown = np.minimum(1.0, tenure / upsell.maturity)
    median = np.array([rules[product].premium.median for product in bought["detail"]])
    assert upsell.potential > 1 and 0 < np.mean(grown == 1) < 1
    np.testing.assert_allclose(bought["amount"], median * (1 + (upsell.potential - 1) * grown), atol=0.6)
    assert bought["amount"].max() <= median.max() * upsell.potential + 1


@pytest.mark.parametrize("closable", [True, False])
def test_win_back(closable: bool) -> None:
    """The lost buy again what can be closed without a person; where nothing can, they are prospects again."""
    data = still(1000, 60, "LOST")
    for product in data["products"].values():
        product["needs_person"] = product["needs_person"] or not closable
    set_rate(data, "LOST.win_back", 300)
    world = lived(data, 60)
    back = {(time, customer) for time, customer, *_ in moves(world)}
    assert len(back) > 100
    assert {to for _, _, _, to, _ in moves(world)} == {"HOLDING" if closable else "AWARENESS"}
    bought = events(world, "purchase")
    assert {(int(e["time"]), int(e["customer"])) for e in bought} == (back if closable else set())
    assert not any(base().products[PRODUCTS[e["detail"]]].needs_person for e in bought)


# --- the warning ------------------------------------------------------------------------------------------------


def phases(complaint: float, regulator: float = 0.0, at_once: float = 0.0) -> tuple[dict[int, list[int]], set[int]]:
    """Phases that every customer went through after the first, and who complained."""
    data = still(1000, 200, "CHURN_WARNING")
    data["behaviour"]["warning"] |= {"complaint": complaint, "regulator": regulator, "regulator_at_once": at_once}
    set_rate(data, "CHURN_WARNING.escalate", 10)
    world = lived(data, 200)
    seen: dict[int, list[int]] = {}
    for event in events(world, "phase"):
        seen.setdefault(int(event["customer"]), []).append(int(event["detail"]))
    assert all(people(world)["phase"][customer] == went[-1] for customer, went in seen.items())
    complaints = events(world, "complaint")["customer"].tolist()
    assert len(complaints) == len(set(complaints)) == world.state.outcomes["complaints"].sum()
    to_regulator = sorted(customer for customer, went in seen.items() if 4 in went)
    assert sorted(events(world, "regulator")["customer"].tolist()) == to_regulator
    assert world.state.outcomes["regulator_complaints"].sum() == len(to_regulator)
    return seen, set(complaints)


def test_warning_goes_through_complaint_to_silence() -> None:
    seen, complained = phases(1.0)
    assert all(went == [2, 3][: len(went)] for went in seen.values()) and [2, 3] in seen.values()
    assert complained == set(seen)


def test_warning_skips_the_complaint() -> None:
    seen, complained = phases(0.0)
    assert len(seen) > 900 and all(went == [3] for went in seen.values()) and complained == set()


def test_complaints_go_on_to_the_regulator() -> None:
    """Within 13 percentage points; whoever has complained to the regulator falls silent next."""
    seen, complained = phases(1.0, regulator=0.3)
    assert {tuple(went) for went in seen.values()} <= {(2,), (2, 3), (2, 4), (2, 4, 3)} and complained == set(seen)
    assert [2, 4, 3] in seen.values()
    further = [went for went in seen.values() if len(went) > 1]
    check_shares(sum(4 in went for went in further), len(further), 0.3, catches=0.13)


def test_complaints_to_the_regulator_skip_the_insurer() -> None:
    """Of those who do not complain to the insurer, within 13 percentage points."""
    seen, complained = phases(0.5, at_once=0.4)
    assert {tuple(went) for went in seen.values()} <= {(2,), (2, 3), (3,), (4,), (4, 3)}
    others = [went for customer, went in seen.items() if customer not in complained]
    check_shares(sum(went[0] == 4 for went in others), len(others), 0.4, catches=0.18)


def test_share_of_complaints() -> None:
    """Within 13 percentage points of what the scenario says."""
    share = BEHAVIOUR.warning.complaint
    seen, complained = phases(share)
    check_shares(len(complained), len(seen), share, catches=0.13)


def test_a_second_warning_has_luck_of_its_own() -> None:
    """Nobody waits in a second warning exactly as long as between two phases of the first."""
    data = still(2000, 700, "CHURN_WARNING")
    data["behaviour"]["warning"]["complaint"] = 1.0
    for name, rate in (("escalate", 12), ("save", 3)):
        clock(data, f"CHURN_WARNING.{name}").update(rate=f"{rate}/y", depends={})
    clock(data, "HOLDING.dissatisfied").update(rate="12/y", depends={})
    bought_again(data, {"appeal": 50.0}, {"appeal": 50.0})
    entered: dict[int, list[int]] = {}
    silent: dict[int, float] = {}
    same = compared = 0
    for event in lived(data, 700).event_log():
        customer, time, kind = int(event["customer"]), int(event["time"]), EVENTS[event["kind"]]
        if kind == "stage" and STAGES[event["detail"] // 16 % 16] == "CHURN_WARNING":
            entered[customer] = [time]
        elif kind == "phase":
            visit = entered.setdefault(customer, [0])
            wait = time - visit[-1]
            visit.append(time)
            if event["detail"] == 3:
                silent.setdefault(customer, wait)
            elif customer in silent:
                compared += 1
                same += abs(silent[customer] - wait) <= 2
    assert compared > 200
    assert same < 5, f"{same} of {compared} waits repeat an earlier one to the second"


# --- milestones and episodes ------------------------------------------------------------------------------------


@cache
def whole_from_its_beginning() -> tuple[World, Any]:
    """A world in which everything happens, faster than it does, and since when customers were in their first stage."""
    data = described(2500, 500, EVERY_STAGE)
    for name in CLOCKS:
        set_rate(data, name, 3)
    world, parts = begin(data, busy())
    began = people(world)["stage_since"].copy()
    world.run(500 * DAY, parts)
    return world, began


def whole() -> World:
    """A world in which everything happens."""
    return whole_from_its_beginning()[0]


STAMPED_BY = {
    "interest": {E_SESSION, E_OPENED},
    "interaction": {E_SERVICE_USE, E_INQUIRY},
    "analysis": {E_PRODUCT_PAGE},
    "purchase": {E_PURCHASE},
    "referral": {E_REFER},
}


@pytest.mark.parametrize("milestone", MILESTONES)
def test_milestone_is_stamped_the_first_time(milestone: str) -> None:
    world = whole()
    log = world.event_log()
    if milestone == "need_clear":
        entered = log["detail"] // 16 % 16 == STAGES.index("FIRST_PURCHASE")
        log = log[(log["kind"] == E_STAGE) & entered]
    else:
        log = log[np.isin(log["kind"], list(STAMPED_BY[milestone]))]
    first = np.full(len(people(world)), NEVER)
    np.minimum.at(first, log["customer"], log["time"])
    repeated = np.bincount(log["customer"], minlength=len(first)) > 1
    assert np.count_nonzero(repeated) > 20 and np.any(first == NEVER)
    stamped = people(world)["milestones"][:, MILESTONES.index(milestone)]
    # Policyholders at the start bought their first policy before it.
    before = stamped < 0
    assert np.any(before) == (milestone == "purchase")
    np.testing.assert_array_equal(stamped[~before], np.where(first == NEVER, NO_DAY, first // DAY)[~before])


def test_table_of_episodes_is_the_log() -> None:
    """Completed episodes and the time spent in them, counted again from the log of everyone."""
    world, began = whole_from_its_beginning()
    customers = people(world)
    stage_since = customers["joined"].astype(np.int64)
    stage_since[: len(began)] = began
    cutoff = world.scenario.horizon - 120 * DAY
    segment = customers["segment"]
    table = np.zeros_like(world.state.occupied)
    for time, customer, source, to, _ in moves(world):
        if 0 <= stage_since[customer] < cutoff:
            table[segment[customer], STAGES.index(source), STAGES.index(to)] += 1
            table[segment[customer], STAGES.index(source), -1] += time - stage_since[customer]
        stage_since[customer] = time
    assert table[:, :, :-1].sum() > 1000
    np.testing.assert_array_equal(world.state.occupied, table)
    np.testing.assert_array_equal(customers["stage_since"], stage_since)
