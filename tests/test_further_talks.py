"""Further tries of agents, and the steps of their work on leads in hand, under the rules for conversations."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_worlds import a_journey, sent, ways
from small_worlds import FirstSeat, described, log_of, run
from test_contact_policy_random import balanced
from test_hand_overs import inside
from test_lead_mining import Graded
from test_operation import HOUR, worked
from test_tries import reaching

from lifesim.population.columns import DAY, E_DELIVERED, E_FAILED, T_FAILED
from lifesim.scenario import Scenario
from lifesim.scenario.contact import Quiet
from lifesim.strategy import Practice
from lifesim.workforce.leads import CALL
from lifesim.workforce.operation import WORK_DONE, WORK_LEFT
from lifesim.workforce.staff import BY_TIER, TRY_SLOTS
from lifesim.workforce.tries import TRIES
from lifesim.world.world import World

PRACTICE = Practice(grading=Graded(), allocation=FirstSeat())
EVERYTHING: dict[str, Any] = {"marketing_cap": None, "quiet": None, "exempt": []}
SECONDS = {"4h": 4 * HOUR, "1d": DAY, "3d": 3 * DAY}


def ruled(scenario: Scenario, inquiries: bool = False, **policy: Any) -> Scenario:
    """The scenario, in which nobody asks unless that is wanted, under a policy for which everything is marketing."""
    behaviour = described(scenario)["behaviour"]
    if not inquiries:
        behaviour["sessions"]["inquiry"] = 0.0
    return scenario.replace(behaviour=behaviour, contact_policy=EVERYTHING | policy)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Quiet hours within those in which agents work, and a rate or a budget over calls and chats together."""
    start = draw(st.integers(8, 15))
    quiet = {"start": f"{start:02d}:00", "end": f"{draw(st.integers(start + 1, 17)):02d}:30"}
    about = {
        "each": draw(st.sampled_from(sorted(SECONDS))), "waits": draw(st.sampled_from(("0s", "5h", "2d"))),
        "channels": ["call", "wecom"],
    }  # fmt: skip
    kind, most = draw(st.sampled_from(("rates", "budgets"))), draw(st.integers(1, 6))
    limit = {"touches": most} if kind == "rates" else {"amount": f"{12 * most} CNY"}
    return {"quiet": draw(st.none() | st.just(quiet | {"discard": draw(st.booleans())})), kind: {"some": about | limit}}


def kept(policy: dict[str, Any], times: Any, warm_up: int, cost: int = 12) -> None:
    """No conversation in a slot of which a part is quiet, and no more in a time than the policy has room for."""
    if policy["quiet"] is not None:
        quiet = Quiet.model_validate(policy["quiet"])
        slots = np.unique(times % DAY // HOUR).tolist()
        assert not [hour for hour in slots if quiet.covers(hour * HOUR, (hour + 1) * HOUR)]
    (limit,) = (policy.get("rates") or policy["budgets"]).values()
    most = limit.get("touches") or int(limit["amount"].split()[0]) // cost
    _, each = np.unique((times - warm_up) // SECONDS[limit["each"]], return_counts=True)
    assert each.max(initial=0) <= most


class Failures:
    """Writes down how many calls about leads of behaviour have failed after every slot."""

    phase, name, local = 6, "failures", True

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def next(self, now: int) -> int:
        return -(-now // HOUR) * HOUR

    def act(self, world: World, now: int) -> None:
        content = list(world.scenario.contents).index("care_call")
        failed = world.state.touched[:, CALL, content, T_FAILED].sum()
        self.seen.append((now, int(failed)))

    def times(self) -> Any:
        """The slots in which they have failed, one for each."""
        at, failed = np.array([(0, 0), *self.seen]).T
        return np.repeat(at[1:], np.diff(failed))


@settings(max_examples=6, deadline=None)
@given(policies())
def test_no_try_of_an_agent_is_outside_the_hours_or_beyond_budgets_and_rates(policy: dict[str, Any]) -> None:
    failures = Failures()
    world = run(ruled(reaching(connects=0.0, apart="1d"), **policy), PRACTICE, days=40, observers=[failures])
    kept(policy, failures.times(), world.scenario.warm_up)
    balanced(world)
    nobody_else_is_held(world)


@settings(max_examples=6, deadline=None)
@given(policies())
def test_no_step_of_work_is_outside_the_hours_or_beyond_budgets_and_rates(policy: dict[str, Any]) -> None:
    # A chat is as dear as a call, so that both are counted alike.
    scenario = ruled(worked(), **policy)
    channels = described(scenario)["channels"]
    channels["wecom"]["cost"] = "12 CNY"
    world = run(scenario.replace(channels=channels), PRACTICE, days=40)
    log = log_of(world)
    talks = (log["campaign"] == "desk") & np.isin(log["kind"], (E_DELIVERED, E_FAILED))
    kept(policy, log["time"][talks], world.scenario.warm_up)
    balanced(world)
    nobody_else_is_held(world)


def nobody_else_is_held(world: World) -> None:
    """Whoever is held waits in the pool, is to be tried again, or is worked on."""
    names = ("leads", "inquiries", "calls", WORK_LEFT, TRIES)
    waiting = np.concatenate([world.extra[name]["customer"] for name in names])
    held = world.state.customers["held"]
    assert np.array_equal(held, np.bincount(waiting, minlength=len(held)))


def test_tries_and_steps_wait_for_the_slots_that_are_not_quiet() -> None:
    quiet, failures = {"start": "09:00", "end": "14:00"}, Failures()
    run(ruled(reaching(connects=0.0), quiet=quiet), PRACTICE, days=50, observers=[failures])
    assert set((failures.times() % DAY // HOUR).tolist()) == {14, 15, 16, 17} and len(failures.times()) > 50
    free, late = (run(ruled(worked(), quiet=rule), PRACTICE, days=50) for rule in (None, quiet))
    steps = [world.extra[WORK_DONE].sum(axis=0)[:3] for world in (free, late)]
    assert np.all(steps[1] > 0) and steps[1].sum() > 0.5 * steps[0].sum()


def test_quiet_hours_that_discard_end_tries_and_work() -> None:
    """What comes due at night is dropped at nine; the journey whose call it was hears of it."""
    quiet = {"start": "09:00", "end": "10:00", "discard": True}
    call = {"send": {"call": "care_call"}, "on": {"failed": "exit"}, "within": "20d", "else": "exit"}
    journey = a_journey({"call": call}, entry={"at": "2026-01-09 10:30"}, contents={
        "care_call": {"kind": "care", "says": "How are you?"},
    })  # fmt: skip
    practice = Practice({"walk": journey}, grading=Graded(), allocation=FirstSeat())
    scenario = reaching(connects=0.0, apart="20h", dials=200)
    leads = described(scenario)["leads"] | {"mined": {}}
    world = run(ruled(scenario.replace(leads=leads), quiet=quiet), practice, days=35)
    counted, again = sent(world)["call", "care_call"], world.extra[BY_TIER][..., TRY_SLOTS].sum()
    assert counted["requested"] - again - len(inside(world)) > 20, "asked for again, and dropped"
    assert ways(world, practice)["call", "failed"] >= counted["suppressed_quiet"] > 20
    balanced(world)
    nobody_else_is_held(world)
    chat = {"chat": {"content": "care_message", "channel": "wecom", "after": "20h"}}
    world = run(ruled(worked(steps=chat), quiet=quiet), PRACTICE, days=50)
    assert sent(world, "desk")["wecom", "care_message"]["suppressed_quiet"] > 5
    balanced(world)
    nobody_else_is_held(world)


def test_whoever_has_asked_is_worked_for_whatever_the_hour() -> None:
    asked = ruled(worked(waits="1d", mined={}), inquiries=True, quiet={"start": "09:00", "end": "17:30"})
    world = run(asked, PRACTICE, days=50)
    log = log_of(world)
    talks = (log["campaign"] == "desk") & np.isin(log["kind"], (E_DELIVERED, E_FAILED))
    assert len(set((log["time"][talks] % DAY // HOUR).tolist()) - {17}) > 4
    assert world.extra[WORK_DONE].sum(axis=0)[:3].min() > 3


def test_tries_and_steps_keep_to_the_hours_of_their_channel() -> None:
    scenario = reaching(connects=0.0, apart="3h")
    channels = described(scenario)["channels"]
    channels["call"]["hours"] = {"opens": "13:00", "closes": "16:00"}
    failures = Failures()
    run(ruled(scenario.replace(channels=channels)), PRACTICE, days=35, observers=[failures])
    assert set((failures.times() % DAY // HOUR).tolist()) == {13, 14, 15}
    world = run(ruled(worked(steps={
        "close": {"content": "product_offer", "channel": "call", "after": "3h"},
    }).replace(channels=channels)), PRACTICE, days=35)  # fmt: skip
    log = log_of(world)
    talks = (log["campaign"] == "desk") & np.isin(log["kind"], (E_DELIVERED, E_FAILED))
    assert set((log["time"][talks] % DAY // HOUR).tolist()) == {13, 14, 15} and talks.sum() > 50


def test_a_budget_for_calls_alone_leaves_chats_alone() -> None:
    budget = {"calls": {"amount": "24 CNY", "each": "1d", "channels": ["call"], "waits": "1d"}}
    free, few = (run(ruled(worked(), budgets=rule), PRACTICE, days=50) for rule in ({}, budget))
    contents = list(few.scenario.contents)
    offers, chats = ([sent(world, "desk")[by, what]["requested"] for world in (free, few)]
                     for by, what in (("call", "product_offer"), ("wecom", "care_message")))  # fmt: skip
    assert offers[1] < 0.5 * offers[0] and chats[1] > 0
    told = few.state.touched[few.campaigns.index("desk"), CALL]
    assert told[contents.index("product_offer"), few.policies.outcomes.index("suppressed_calls")] > 0


def test_without_rules_for_people_nothing_changes() -> None:
    with_rules = ruled(worked(), quiet={"start": "21:00", "end": "08:00"}, rates={"gate": {"touches": 1}})
    worlds = [run(each, PRACTICE, days=40) for each in (ruled(worked()), with_rules)]
    assert np.array_equal(*(world.extra[WORK_DONE] for world in worlds)) and worlds[0].extra[WORK_DONE].sum() > 20
