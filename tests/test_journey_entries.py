"""Ways into a journey that are looked after once a day: own dates, life events, audiences entered and left."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from journey_worlds import a_journey, obliging, under
from small_worlds import (
    HOUR,
    busy,
    cut_alike,
    described,
    enrolled,
    experiment,
    keys_of,
    log_of,
    new_world,
    run,
    run_on,
    small,
)

from lifesim.dates import months_later
from lifesim.engagement.journeys.running_checks import cannot_run
from lifesim.experiment.passages import journey_steps
from lifesim.population.columns import (
    DAY,
    E_CLAIM,
    E_COMPLAINT,
    E_INQUIRY,
    E_LAPSE,
    E_LIFE_EVENT,
    E_OPT_OUT,
    E_PREMIUM,
    E_PURCHASE,
    E_REFER,
    E_SERVICE_USE,
    E_SESSION,
    E_SURRENDER,
    NOTICED,
    STANDING,
)
from lifesim.population.memory import count
from lifesim.population.tags import birthdays
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey
from lifesim.scenario.needs import LIFE_EVENTS
from lifesim.strategy import Practice
from lifesim.world.own_dates import having
from lifesim.world.world import World

ONCE = {"stay": {"wait": "1d", "next": "exit"}}
HELLO = {"hello": {"send": {"push": "hello"}, "next": "exit"}}
AGAIN = {"after": "0d"}


def entered(world: World, name: str = "walk") -> dict[int, int]:
    """By key of the customer, when they last came into a journey."""
    pool = enrolled(world)
    number = world.journeys.names.index(name)
    mine = pool[(pool["journey"] == number) & (pool["entries"] > 0)]
    keys = keys_of(world)[mine["customer"]]
    return dict(zip(keys.tolist(), mine["entered"].tolist(), strict=True))


def calendar(world: World, second: int) -> tuple[int, int]:
    """Month and day of the month."""
    date = world.date(second)
    return date.month, date.day


# --- dates of the customer's own -----------------------------------------------------------------------------------


def by_the_calendar(world: World, what: str, since: int) -> set[int]:
    """Rows of those who have a date within a day, policy by policy and date by date."""
    products = list(world.scenario.products.values())
    zero = (world.date(0) - datetime.date(1970, 1, 1)).days
    found = set()
    for policy in world.state.policies[world.state.policies["customer"] >= 0]:
        product, issued = products[policy["product"]], int(policy["issued"])
        if policy["status"] not in STANDING:
            continue
        years: list[int] = []
        if what == "policy_anniversary":
            years = list(range(1, 60))
        elif product.maturity:
            years = [product.maturity.after]
        for year in years:
            day = issued // DAY
            at = issued + (months_later(zero + day, 12 * year) - zero - day) * DAY
            if since <= at < since + DAY:
                found.add(int(policy["customer"]))
    return found


@pytest.mark.parametrize("what", ["policy_anniversary", "maturity"])
def test_who_has_a_date_on_a_day_is_found_by_the_calendar(what: str) -> None:
    scenario = small(1_500)
    world = run(scenario, days=30)
    later = [world.now + day * DAY for day in (0, 1, 17, 200, 400)]
    if what == "maturity":
        ends = [p["issued"] for p in world.state.policies if p["customer"] >= 0 and p["status"] in STANDING]
        later = [(int(at) // DAY + 365 * 20 + 5 + k) * DAY for k, at in enumerate(ends[:40])] + later
    found = [(set(having(world, what, at).tolist()), by_the_calendar(world, what, at)) for at in later]
    assert all(mine == right for mine, right in found)
    assert sum(len(right) for _, right in found) > 0


def test_premiums_that_fall_due_and_short_cover_that_ends_are_told_apart() -> None:
    world = run(small(1_500), days=30)
    products = list(world.scenario.products.values())
    pool = world.state.policies
    noticed = pool[(pool["customer"] >= 0) & (pool["status"] == NOTICED)]
    short = np.array([products[p["product"]].payment is None for p in noticed])
    counted = {True: 0, False: 0}
    for day in range(1, 50):
        mine = noticed["at"] // DAY == world.now // DAY + day
        due, ends = (having(world, what, world.now + day * DAY).tolist() for what in ("premium_due", "renewal"))
        assert due == np.unique(noticed["customer"][mine]).tolist()
        assert ends == np.unique(noticed["customer"][mine & short]).tolist()
        counted[True] += len(ends)
        counted[False] += len(due) - len(ends)
    assert min(counted.values()) > 3


@pytest.mark.parametrize("what", ["premium_due", "policy_anniversary", "birthday", "renewal"])
def test_an_entry_and_a_wait_agree_on_a_date(what: str) -> None:
    """Whoever waits in a journey for three days before the date leaves when the other journey lets them in."""
    wait = {"stay": {"wait": {"before": what, "by": "3d", "at": "10:00"}, "next": "exit"}}
    waits = a_journey(wait, name="waits", entry={"every": "day 00:00"})
    comes = a_journey(ONCE, name="comes", entry={"before": what, "by": "3d", "at": "10:00"})
    world = run(small(1_200), under(waits, comes), days=50)
    began, came = entered(world, "waits"), entered(world, "comes")
    pool = enrolled(world)
    number = world.journeys.names.index("waits")
    mine = pool[(pool["journey"] == number) & (pool["course"] < 0)]
    left = dict(zip(keys_of(world)[mine["customer"]].tolist(), mine["left"].tolist(), strict=True))
    # Whoever had no date ahead, or less than three days, did not wait.
    waited = {key: at for key, at in left.items() if at > began[key] + DAY}
    assert all(came[key] == at for key, at in waited.items())
    assert len(waited) > 10 and all(at % DAY == 10 * HOUR for at in waited.values())


def test_birthdays_come_on_the_same_day_of_the_calendar_every_year() -> None:
    journey = a_journey(ONCE, entry={"before": "birthday", "by": "0d", "at": "08:00"}, reentry=AGAIN)
    scenario = small(400, horizon="800d")
    world = run(scenario, under(journey), days=800)
    months = {key: calendar(world, at) for key, at in entered(world).items()}
    days = birthdays(world.streams, world.state.customers["key"][: count(world.state)])
    assert len(months) > 300
    for row, key in enumerate(keys_of(world).tolist()):
        if key in months:
            born = datetime.date(2023, 3, 1) + datetime.timedelta(days=int(days[row]))
            assert months[key] == (born.month, born.day)
    entries = enrolled(world)["entries"]
    assert set(entries.tolist()) <= {1, 2, 3} and np.count_nonzero(entries >= 2) > 200


def test_birthdays_are_spread_over_the_year() -> None:
    world = run(small(5_000), days=1)
    days = birthdays(world.streams, world.state.customers["key"][: count(world.state)])
    assert days.min() >= 0 and days.max() <= 364
    check_shares(int(np.count_nonzero(days < 73)), len(days), 0.2, catches=0.06)


# --- life events ---------------------------------------------------------------------------------------------------


def expecting(share: float, delay: str) -> Scenario:
    """A scenario with many life events, of which the insurer learns a share."""
    data = described(obliging())
    data["behaviour"]["life_events"] = {"child": {"rate": "3/y"}, "home": {"rate": "3/y"}}
    data["inference"]["life_events"] = {"share": share, "delay": delay}
    return obliging().replace(
        behaviour=data["behaviour"], inference=data["inference"], population={"branches": {"north": 2_000},
        "segments": {"mainstream": 1.0}},
    )  # fmt: skip


def happened(world: World, kind: str) -> list[tuple[int, int]]:
    log = log_of(world)
    mine = (log["kind"] == E_LIFE_EVENT) & (log["detail"] == LIFE_EVENTS.index(kind))
    return list(zip(log["key"][mine].tolist(), log["time"][mine].tolist(), strict=True))


def test_the_insurer_learns_of_its_share_of_life_events() -> None:
    journey = a_journey(ONCE, entry={"life_event": "child"})
    world = run(expecting(0.3, "1min"), under(journey), days=60)
    came = entered(world)
    times: dict[int, list[int]] = {}
    for key, at in happened(world, "child"):
        times.setdefault(key, []).append(at)
    assert came.keys() <= times.keys()
    # A minute later on average: the next midnight sees it, but for events in the last minutes of a day.
    late = [key for key, at in came.items() if not any(0 < at - each <= DAY for each in times[key])]
    assert len(late) <= 2
    once = [key for key, each in times.items() if len(each) == 1 and each[0] < 59 * DAY]
    check_shares(sum(key in came for key in once), len(once), 0.3, catches=0.2)


def test_it_takes_time_until_the_insurer_learns() -> None:
    journey = a_journey(ONCE, entry={"life_event": "child"})
    soon, later = (entered(run(expecting(1.0, delay), under(journey), days=60)) for delay in ("1min", "20d"))
    assert len(later) < 0.9 * len(soon) and later.keys() <= soon.keys()
    waited = [later[key] - soon[key] for key in later]
    assert min(waited) >= 0 and np.mean(waited) > 5 * DAY


def test_another_kind_of_life_event_lets_nobody_in() -> None:
    world = run(expecting(1.0, "1min"), under(a_journey(ONCE, entry={"life_event": "home"})), days=60)
    keys = {key for key, _ in happened(world, "home")}
    assert entered(world).keys() <= keys and len(entered(world)) > 300


def test_a_journey_by_life_event_moves_nobody_elses_life() -> None:
    """The list of life events is the insurer's: nobody lives otherwise because it is kept."""
    scenario = expecting(0.0, "1d")
    silent = run(scenario, under(a_journey(HELLO, entry={"on": "claim_paid"})), days=40)
    kept = run(scenario, under(a_journey(HELLO, entry=[{"on": "claim_paid"}, {"life_event": "child"}])), days=40)
    assert log_of(silent)["time"].tobytes() == log_of(kept)["time"].tobytes()


# --- audiences entered and left ------------------------------------------------------------------------------------


class Looks:
    """Notes at every midnight who holds a policy."""

    phase, name, local = 3, "looks", False

    def __init__(self) -> None:
        self.held: dict[int, set[int]] = {}
        self.known: dict[int, set[int]] = {}

    def next(self, now: int) -> int:
        return -(-now // DAY) * DAY

    def act(self, world: World, now: int) -> None:
        keys, n = keys_of(world), count(world.state)
        visible = world.state.visible[:n] <= now
        self.held[now] = set(keys[visible & (world.state.customers["policies"][:n] >= 1)].tolist())
        self.known[now] = set(keys.tolist())


@pytest.mark.parametrize("word", ["enters", "leaves"])
def test_whoever_comes_to_be_in_an_audience_or_leaves_it_comes_in_at_the_next_midnight(word: str) -> None:
    looks = Looks()
    practice = under(a_journey(ONCE, entry={word: "policies >= 1"}))
    world = run(small(2_500), practice, days=60, observers=[looks])
    right: dict[int, int] = {}
    for day in range(1, 60):
        before, now = looks.held[(day - 1) * DAY], looks.held[day * DAY]
        for key in now - before if word == "enters" else before - now:
            right.setdefault(key, day * DAY)
    if word == "leaves":  # the dead leave every audience, and nobody addresses them
        dead = keys_of(world)[world.state.visible[: count(world.state)] > world.now]
        right = {key: at for key, at in right.items() if key not in set(dead.tolist())}
    assert entered(world) == right and len(right) >= 4


def test_whoever_joins_in_an_audience_comes_in_and_the_first_look_lets_nobody_in() -> None:
    looks = Looks()
    world = run(small(800), under(a_journey(ONCE, entry={"enters": "age >= 0"})), days=60, observers=[looks])
    joined = world.state.customers["joined"][: count(world.state)]
    came = entered(world)
    assert all(at > 0 for at in came.values()) and len(came) > 5
    assert came.keys() <= set(keys_of(world)[joined > 0].tolist())


def test_a_cut_changes_nothing_about_entries_by_the_day() -> None:
    data = described(small({"north": 300}))
    data["behaviour"]["life_events"]["child"] |= {"rate": "2/y", "ages": {0: 1}}
    scenario = small({"north": 300}).replace(behaviour=data["behaviour"])
    every_way: list[dict[str, Any]] = [
        {"enters": "policies >= 1"}, {"leaves": "policies >= 1"}, {"life_event": "child"},
        {"before": "birthday", "by": "1d"}, {"before": "premium_due", "by": "20d", "at": "10:00"},
    ]  # fmt: skip
    news = {"news": {"send": {"push": "newsletter"}, "next": "exit"}}
    of_news = {"newsletter": {"kind": "education", "says": "news"}}
    journey = a_journey(news, entry=every_way, reentry=AGAIN, contents=of_news)
    practice = Practice(orchestrations={**busy().orchestrations, "walk": journey}, allocation=busy().allocation)
    assert len(entered(cut_alike(scenario, practice, 70 * DAY, [25 * DAY + 7, 40 * DAY]))) > 50


# --- did one thing and not the other ---------------------------------------------------------------------------------


def without_following(log: dict[str, Any], did: int, but_not: int, within: int) -> dict[int, int]:
    """By key, when a customer first came in who did one thing, and not the other in time: from the log of events."""
    came: dict[int, int] = {}
    for key in np.unique(log["key"]).tolist():
        mine = log["key"] == key
        waits: int | None = None
        for at, kind in zip(log["time"][mine].tolist(), log["kind"][mine].tolist(), strict=True):
            if waits is not None and at >= waits:
                break
            if kind == but_not:
                waits = None
            elif kind == did and waits is None:
                waits = at + within
        if waits is not None:
            came[key] = waits
    return came


def test_whoever_did_one_thing_and_not_the_other_comes_in_when_the_time_is_over() -> None:
    entry = {"did": "asked_adviser", "but_not": "bought", "within": "6d"}
    scenario = obliging().replace(population={"branches": {"north": 5_000}, "segments": {"mainstream": 1.0}})
    world = run(scenario, under(a_journey(ONCE, entry=entry)), days=75)
    log = log_of(world)
    right = {key: at for key, at in without_following(log, E_INQUIRY, E_PURCHASE, 6 * DAY).items() if at < 75 * DAY}
    assert entered(world) == right and len(right) > 15
    followed = set(log["key"][log["kind"] == E_INQUIRY].tolist()) - right.keys()
    assert followed


def test_who_is_asked_when_the_time_is_over_and_a_way_in_meanwhile_takes_its_place() -> None:
    entry = {"did": "launched_app", "but_not": "claim_paid", "within": "3d", "who": "policies >= 1"}
    scenario = obliging().replace(population={"branches": {"north": 300}, "segments": {"mainstream": 1.0}})
    later = run(scenario, under(a_journey(ONCE, entry=entry)), days=30)
    inside = entered(later)
    held = later.state.customers["policies"][: count(later.state)] > 0
    assert 20 < len(inside) <= np.count_nonzero(held) + 5
    both = a_journey({"stay": {"wait": "100d", "next": "exit"}}, entry=[entry, {"at": "2026-01-05 00:00"}])
    world = run(scenario, under(both), days=30)
    pool = enrolled(world)
    times = pool["entered"][pool["entries"] > 0]
    assert np.count_nonzero(times == 20 * DAY) > 100 and set(pool["entries"].tolist()) <= {0, 1}
    took = {(row["step"], row["way"]): row["customers"] for row in journey_steps(world, under(both))}
    assert took["stay", "waiting"] == np.count_nonzero(world.state.courses["inside"])


def test_what_keeps_the_insurer_from_learning_is_said_with_its_place() -> None:
    def said(journey: Journey, scenario: Scenario) -> dict[str, str]:
        return {".".join(map(str, each.path)): each.message for each in cannot_run(journey, scenario)}

    by_life_event = a_journey(ONCE, entry=[{"on": "claim_paid"}, {"life_event": "child"}])
    assert said(by_life_event, small()) == {}
    deaf = small().replace(inference={"recall": 1.0, "every": "7d"})
    assert said(by_life_event, deaf) == {
        "entry.1.life_event": "the insurer learns of no life event; write inference.life_events: "
        "{share: 30%, delay: 30d}"
    }
    behaviour = described(small())["behaviour"]
    del behaviour["life_events"]["child"]
    assert said(by_life_event, small().replace(behaviour=behaviour))["entry.1.life_event"].startswith(
        "the scenario has no life event 'child'"
    )


# --- runs of days -------------------------------------------------------------------------------------------------


def runs_of(times: list[int], days: int, since: int = -1) -> list[int]:
    """Events after a time at which a run of so many days in a row, all since that time, is complete."""
    found, last, length = [], -2, 0
    for at in times:
        if at <= since:
            continue
        if at // DAY != last:
            last, length = at // DAY, length + 1 if at // DAY == last + 1 else 1
        if length >= days:
            found.append(at)
    return found


def visits(world: World) -> dict[int, list[int]]:
    log = log_of(world)
    found: dict[int, list[int]] = {}
    for key, at in zip(*(log[name][log["kind"] == E_SESSION].tolist() for name in ("key", "time")), strict=True):
        found.setdefault(key, []).append(at)
    return found


def keen() -> Scenario:
    """A scenario whose customers come to the app on many days."""
    scenario = obliging()
    behaviour = described(scenario)["behaviour"]
    behaviour["sessions"]["rate"] = "150/y"
    return scenario.replace(behaviour=behaviour, population={"branches": {"north": 150}, "segments": {"mainstream": 1}})


def test_whoever_does_it_on_so_many_days_running_comes_in_at_the_last_of_them() -> None:
    world = run(keen(), under(a_journey(ONCE, entry={"on": "launched_app 3 days running"})), days=50)
    right = {key: runs_of(times, 3)[0] for key, times in visits(world).items() if runs_of(times, 3)}
    assert entered(world) == right and 10 < len(right) < 140


def test_a_run_begins_anew_with_every_entry_and_counts_days_inside_the_journey_too() -> None:
    stay = {"stay": {"wait": "30h", "next": "exit"}}
    journey = a_journey(stay, entry={"on": "launched_app 2 days running"}, reentry=AGAIN)
    world = run(keen(), under(journey), days=60)
    right, again = {}, 0
    for key, times in visits(world).items():
        came: list[int] = []
        while following := runs_of(times, 2, came[-1] if came else -1):
            outside = [at for at in following if not came or at >= came[-1] + 30 * HOUR]
            if not outside:
                break
            came.append(outside[0])
        if came:
            right[key] = came[-1]
            again += len(came) > 1
    assert entered(world) == right and again > 10


def test_what_keeps_a_customer_out_may_be_a_run_of_days_since_the_first_thing() -> None:
    entry = {"did": "launched_app", "but_not": "launched_app 2 days running", "within": "5d"}
    world = run(keen(), under(a_journey(ONCE, entry=entry)), days=50)
    right: dict[int, int] = {}
    for key, times in visits(world).items():
        waits: int | None = None
        for at in times:
            if waits is not None and at >= waits + 5 * DAY:
                break
            if waits is None:
                waits = at
            elif runs_of([each for each in times if each <= at], 2, waits)[-1:] == [at]:
                waits = at  # what ends one wait begins the next
        if waits is not None and waits + 5 * DAY < 50 * DAY:
            right[key] = waits + 5 * DAY
    assert entered(world) == right and len(right) > 30


def test_a_run_of_days_may_be_what_customers_did() -> None:
    entry = {"did": "launched_app 3 days running", "but_not": "bought", "within": "2d"}
    world = run(keen(), under(a_journey(ONCE, entry=entry)), days=50)
    at_first = {key: runs_of(times, 3)[0] for key, times in visits(world).items() if runs_of(times, 3)}
    came = entered(world)
    assert len(came) > 10 and all(at >= at_first[key] + 2 * DAY for key, at in came.items())
    assert sum(at == at_first[key] + 2 * DAY for key, at in came.items()) > 0.9 * len(came)


def test_a_cut_in_the_middle_of_runs_changes_nothing() -> None:
    did_not = {"did": "browsed 2 days running", "but_not": "bought", "within": "1d"}
    entry: list[dict[str, Any]] = [{"on": "launched_app 3 days running"}, did_not]
    practice = under(a_journey(HELLO, entry=entry, reentry=AGAIN))
    assert len(entered(cut_alike(keen(), practice, 40 * DAY, [11 * DAY + 7, 25 * DAY]))) > 30


# --- every word for what customers do -------------------------------------------------------------------------------

#: Words that the log of events has under another name, with what the event of the log says.
IN_LOG = {
    "used_service": E_SERVICE_USE, "asked_adviser": E_INQUIRY, "bought": E_PURCHASE, "referred": E_REFER,
    "premium_paid": E_PREMIUM, "lapsed": E_LAPSE, "surrendered": E_SURRENDER, "claimed": E_CLAIM,
    "complained": E_COMPLAINT, "opted_out": E_OPT_OUT, "launched_app": E_SESSION,
}  # fmt: skip


def test_every_word_lets_those_in_whose_log_has_it() -> None:
    """In a stormy year everything happens; whoever does it for the first time comes in in that second."""
    data = described(small())
    for process in ("claim", "refer"):
        if process in data["behaviour"]["processes"]:
            data["behaviour"]["processes"][process]["rate"] = "2/y"
    scenario = small(1_500, horizon="200d").replace(behaviour=data["behaviour"])
    journeys = [a_journey(ONCE, name=word, entry={"on": word}) for word in IN_LOG]
    busily = busy()
    practice = Practice({**busily.orchestrations, **under(*journeys).orchestrations}, allocation=busily.allocation)
    world = run(scenario, practice, days=200)
    log, found = log_of(world), {}
    seen = world.state.visible[: count(world.state)] <= world.now
    visible = set(keys_of(world)[seen].tolist())
    for word, kind in IN_LOG.items():
        mine = log["kind"] == kind
        first: dict[int, int] = {}
        for key, at in zip(log["key"][mine].tolist(), log["time"][mine].tolist(), strict=True):
            first.setdefault(key, at)
        right = {key: at for key, at in first.items() if key in visible}
        came = {key: at for key, at in entered(world, word).items() if key in visible}
        found[word] = len(right)
        assert came == right, word
    assert min(found.values()) > 0, found


def test_life_events_are_cleared_away_in_an_arm_whose_journeys_do_not_ask_for_them() -> None:
    asks = under(a_journey({"wait": {"wait": "1d", "next": "exit"}}, entry={"life_event": "child"}))
    of = experiment(small(3_000), {"control": busy(), "asks": asks})
    world, _ = run_on(of, new_world(of), busy(), 75 * DAY)
    happened, learned = (world.extra[name]["time"] for name in ("happened", "learned"))
    assert np.count_nonzero(log_of(world)["kind"] == E_LIFE_EVENT) > 50
    # The insurer takes stock once a week; what it learned of more than a day before that is gone.
    assert len(happened) > 0 and (happened >= world.now - 7 * DAY).all()
    assert len(learned) > 0 and (learned >= world.now - 8 * DAY).all()
