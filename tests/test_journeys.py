"""Journeys as data: what is read, what is wrong with one and where, the same from Python."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from quiet_world import REPO, base
from random_journeys import journeys

from lifesim import workspace
from lifesim.engagement.journeys.installing import MOST_JOURNEYS, TOO_MANY_JOURNEYS
from lifesim.errors import InputError, ScenarioError
from lifesim.experiment.checks import problems as problems_of
from lifesim.scenario import Arm
from lifesim.scenario.journeys import (
    Goal,
    Journey,
    Recurring,
    Reentry,
    Send,
    load_journey,
    misfits,
    read_journey,
    refuse_misfits,
)
from lifesim.scenario.journeys.calendar import parse_cron, parse_every, parse_time
from lifesim.scenario.journeys.graph import back_ways, instant_circle, reachable
from lifesim.scenario.journeys.texts import parse_until
from lifesim.scenario.units import PathError

SHIPPED = ("striving_youth", "wealth_rising")
DAY = 86_400

MINE = """\
name: mine
entry: {every: fri 19:00, who: age <= 30 and launched_app within 7d}
exit_on: [complained]
goal: {reached: bought(accident), within: 60d}
events: {salon: {date: 2026-04-18 14:00}}
steps:
  invite:
    send: {push: gift}
    on: {opened: pause}
    within: 2d
    else: exit
  pause: {wait: 3d, next: active}
  active:
    if: launched_app within 3d
    then: offer
    else: exit
  offer: {send: {sms: page}, next: exit}
contents:
  gift: {kind: benefit, says: Win}
  page: {kind: product_offer, says: Buy}
"""

PLUG_IN = """\
from dataclasses import dataclass

@dataclass(frozen=True)
class Mine:
    def touch(self, customers, luck): ...
"""


def problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_journey(Path("mine.yaml"))
    return str(caught.value).splitlines()


def again(journey: Journey) -> dict[str, Any]:
    """The journey written as JSON, read again."""
    return Journey.model_validate(journey.model_dump(mode="json", by_alias=True)).model_dump()


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_journeys_are_valid_and_survive_a_round_trip(name: str) -> None:
    journey = load_journey(name, REPO)
    assert journey.name == name
    assert again(journey) == journey.model_dump()
    assert reachable(journey.steps) == set(journey.steps)


def test_a_full_width_comma_between_two_languages_is_named_with_its_remedy(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE.replace("entry:", "label: {en: Three days， zh: 三天}\nentry:"), encoding="utf-8")
    with pytest.raises(ScenarioError) as found:
        read_journey(file)
    said = str(found.value)
    assert "mine.yaml:2:23: not valid YAML" in said
    assert said.endswith("full-width '，' is plain text in YAML, write ',', or put the text in quotes")
    file.write_text(MINE.replace("entry:", 'label: {en: Three days, zh: "三天，好"}\nentry:'), encoding="utf-8")
    assert read_journey(file).label.zh == "三天，好"  # type: ignore[union-attr]


def test_the_file_that_the_bad_ones_are_made_from_is_good(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    assert list(read_journey(path).steps) == ["invite", "pause", "active", "offer"]


WAIT = "{wait: 3d, next: active}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # a step that cannot be reached, with one line for all that hang on it
        ("then: offer", "then: exit", "17:3: steps.offer: no way leads here; name it in another step, or remove it"),
        # a circle without a wait
        (WAIT, "{go: active}\n  loop: {go: pause}", "13:3: steps.loop: no way leads here"),
        ("then: offer", "then: active", "13:3: steps.active: goes round without a wait (active -> active)"),
        ("next: exit}\nc", "next: active}\nc", "goes round without a wait (active -> offer -> active)"),
        # a missing content, channel, step, date
        (
            "push: gift",
            "push: gft",
            "8:18: steps.invite.send.push: content 'gft' is not described under contents; did ",
        ),
        ("  page: {kind: product_offer, says: Buy}\n", "", "content 'page' is not described"),
        ("says: Win}", "says: Win}\n  spare: {kind: care, says: x}", "20:3: contents.spare: no step sends it"),
        ("push: gift", "psh: gift", "8:12: steps.invite.send.psh: unknown channel 'psh'; did you mean 'push'?"),
        ("opened: pause", "opened: pase", "9:18: steps.invite.on.opened: unknown step 'pase'; did you mean 'pause'?"),
        (WAIT, "{wait: {before: saloon}, next: active}", "12:26: steps.pause.wait.before: unknown date 'saloon'; did"),
        (
            WAIT,
            "{on: {booked(saln): active}, within: 1d, else: exit}",
            "12:23: steps.pause.on.booked(saln): unknown off",
        ),
        # a wait without an else
        (
            "    within: 2d\n    else: exit\n",
            "",
            "9:5: steps.invite.on: waits without 'within' and 'else'; say how long",
        ),
        ("    else: exit\n  pause", "  pause", "9:5: steps.invite.on: waits without 'else'"),
        ("    on: {opened: pause}\n", "", "7:3: steps.invite: waits for nothing; write on: {opened: STEP}"),
        (", next: exit}\nc", "}\nc", "17:3: steps.offer: has no way out; write next: STEP, or next: exit"),
        (
            ", next: exit}\nc",
            ", next: exit, on: {clicked: exit}}\nc",
            "steps.offer.next: follows at once, and 'on' waits",
        ),
        # hidden state, and other mistakes inside of an expression
        ("age <= 30 and", "trust > 1 and", "2:32: entry.who: 'trust' is hidden from the insurer"),
        ("age <= 30 and", "age <= 30 and trust > 1 and", "2:46: entry.who: 'trust' is hidden"),
        ("if: launched_app within 3d", "if: 'orphan and launched_app within 3'", "14:41: steps.active.if: '3' has no"),
        ("if: launched_app within 3d", "if: orphan and\n      trust > 1", "14:9: steps.active.if: 'trust' is hidden"),
        ("opened: pause", "opened or opned: pause", "9:20: steps.invite.on.opened or opned: unknown event 'opned'"),
        # responses that the channel does not show, or that answer nothing
        (
            "push: gift",
            "sms: gift",
            "9:10: steps.invite.on.opened: by sms the insurer never learns who opened; it sees",
        ),
        (
            WAIT,
            "{on: {opened: active}, within: 1d, else: exit}",
            "nothing is sent here, so nobody can have 'opened' it;",
        ),
        (
            WAIT,
            "{on: {opened(active): active}, within: 1d, else: exit}",
            "12:23: steps.pause.on.opened(active): step 'a",
        ),
        (WAIT, "{on: {opened(invit): active}, within: 1d, else: exit}", "unknown step 'invit'; did you mean 'invite'?"),
        (WAIT, "{engagement: offer, on: {clicked: active}, else: exit}", "12:23: steps.pause.engagement: nobody who"),
        (WAIT, "{engagement: active, on: {clicked: active}, else: exit}", "'active' is no step that sends; known:"),
        # ends that contradict each other
        ("[complained]", "[bought(accident)]", "3:11: exit_on[0]: 'bought(accident)' is the goal too"),
        (
            WAIT,
            "{on: {complained: active}, within: 1d, else: exit}",
            "nobody goes this way: 'complained' is under exit_on",
        ),
        (
            "goal:",
            "exit_if: age <= 30 and launched_app within 7d\ngoal:",
            "2:32: entry.who: whoever this lets in leaves",
        ),
        # shares and caps
        (
            WAIT,
            "{split: {active: 40%, offer: 50%}}",
            "12:11: steps.pause.split: shares must sum to 100%, and active 40% +",
        ),
        (WAIT, "{split: {active: 40%, offer: 60%}, cap: {active: 5}}", "12:45: steps.pause.cap: a cap needs full"),
        (WAIT, "{split: {active: 40%, offer: 60%}, full: exit}", "steps.pause.full: full needs a cap"),
        (
            WAIT,
            "{split: {active: 1}, cap: {offr: 5}, full: exit}",
            "steps.pause.cap.offr: 'offr' is no path of the split",
        ),
        (WAIT, "{split: {active: 1}, cap: {active: 0}, full: exit}", "steps.pause.cap.active: lets nobody in"),
        (WAIT, "{experiment: {active: 80%}, control: {exit: 30%}}", "is 110%"),
        (WAIT, "{experiment: {active: 50%}, control: {active: 50%}}", "the control needs a step of its own"),
        (WAIT, "{experiment: {active: 100%}, control: {exit: 0%}}", "nobody is in the control"),
        (WAIT, "{experiment: {active: 100%}, control: {}}", "takes one step and its share"),
        # repetitions
        (
            WAIT,
            "{repeat: invite, next: active}",
            "12:11: steps.pause.repeat: never ends; write until: AUDIENCE, times: 3",
        ),
        (WAIT, "{repeat: invite, times: 0, next: active}", "never goes back"),
        (WAIT, "{repeat: exit, times: 1, next: active}", "takes a step to go back to"),
        # misspelt keys
        ("send: {push", "sned: {push", "8:5: steps.invite.sned: unknown key 'sned'; did you mean 'send'?"),
        ("every:", "evry:", "2:9: entry.evry: unknown key 'evry'; did you mean 'every'?"),
        (WAIT, "{next: active}", "must have one of the keys send, hand_over"),
        ("steps:", "stps:", "unknown key 'stps'; did you mean 'steps'?"),
        # times
        ("fri 19:00", "fr 19:00", "2:16: entry.every: unknown day 'fr'; did you mean 'fri'?"),
        ("every: fri 19:00", "cron: 0 19 * * 8", "2:15: entry.cron: '8' is no weekday; it goes from 0 to 7"),
        ("every: fri 19:00", "at: 2026-02-30 10:00", "2:13: entry.at: '2026-02-30' is not in the calendar"),
        (WAIT, "{wait: {until: sat, by: 1d}, next: active}", "steps.pause.wait.until: 'sat' is not a time of day"),
        (WAIT, "{wait: {until: sat 10:00, by: 1d}, next: active}", "by: goes with before or after, and not with until"),
        (WAIT, "{wait: {by: 1d}, next: active}", "takes one of until, before and after"),
        # the rest
        ("name: mine", "name: yours", "1:7: name: is 'yours' in the file mine.yaml; call both the same"),
        ("offer", "exit", "steps.exit: 'exit' is where ways end; give the step another name"),
        ("offer", "full", "17:3: steps.full: 'full' is the way out of a full split; give the step another name"),
        ("offer", "control", "17:3: steps.control: 'control' is the way of an experiment's control; give the step"),
        ("send: {push: gift}", "send: {push: gift, sms: gift}", "steps.invite.send: takes one content by one channel"),
        (
            "send: {push: gift}",
            "send: {push: gift}\n    at: 09:00\n    daily: 09:00",
            "daily says the time of day already",
        ),
        ("{send: {sms: page}, next", "{send: {sms: page}, daily: 09:00, next", "repeats until something happens"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    assert old in MINE
    found = problems(tmp_path, monkeypatch, MINE.replace(old, new))
    assert any(said in line for line in found), "\n".join(found)
    assert all(line.startswith("mine.yaml:") for line in found)


@pytest.mark.parametrize("waited_for", ["bought(accident)", "clicked or bought(accident)", "bought(annuity)"])
def test_nobody_goes_a_way_by_the_goal_that_ends_the_journey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waited_for: str
) -> None:
    reached = "bought" if "annuity" in waited_for else "bought(accident)"
    goal = f"goal: {{reached: {reached}, within: 60d, leave: true}}"
    old = "send: {sms: page}, next: exit"
    text = MINE.replace("goal: {reached: bought(accident), within: 60d}", goal)
    new = old.replace("next: exit", f"on: {{{waited_for}: invite}}, within: 9d, else: exit")
    (found,) = problems(tmp_path, monkeypatch, text.replace(old, new))
    assert f"nobody goes this way: '{reached}' is the goal, which ends the journey first by leave: true" in found
    Path("mine.yaml").write_text(MINE.replace(old, new), encoding="utf-8")
    assert read_journey(Path("mine.yaml")).goal is not None  # where the goal ends nothing, the way is open


@pytest.mark.parametrize(
    ("entry", "wait", "place"),
    [
        ("at: 2026-05-01 10:00", "until: 2026-05-01 09:00", "12:25: steps.pause.wait.until"),
        ("at: 2026-05-01 10:00", "before: salon, by: 1d", "12:26: steps.pause.wait.before"),
        ("before: salon, by: 31d", "until: 2026-01-01", "12:25: steps.pause.wait.until"),
        ("at: 2026-05-01 10:00", "after: salon, by: 1d", "12:25: steps.pause.wait.after"),
    ],
)
def test_a_wait_for_what_is_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, wait: str, place: str
) -> None:
    text = MINE.replace("every: fri 19:00", entry).replace("wait: 3d", f"wait: {{{wait}}}")
    (found,) = problems(tmp_path, monkeypatch, text)
    assert found.startswith(f"mine.yaml:{place}: 2026-")
    assert "is past when the first customer comes in (2026-" in found


def test_an_unreachable_tail_is_one_line_and_a_misspelt_way_is_no_reason_to_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(problems(tmp_path, monkeypatch, MINE.replace("opened: pause", "opened: exit"))) == 1
    assert len(problems(tmp_path, monkeypatch, MINE.replace("opened: pause", "opened: pase"))) == 1


def test_problems_come_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MINE.replace("push: gift", "push: gft").replace("then: offer", "then: ofer").replace("name: m", "name: y")
    assert len(problems(tmp_path, monkeypatch, text)) == 4  # the fourth: nobody sends gift now


def test_the_same_classes_from_python() -> None:
    journey = Journey(
        name="mine",
        entry=Recurring(every="fri 19:00", who="age <= 30"),
        reentry=Reentry(after="30d"),
        goal=Goal(reached="bought", within="60d"),
        contents={"gift": {"kind": "benefit", "says": "Win"}},
        steps={"invite": Send(send={"push": "gift"}, on={"opened": "exit"}, within="2d", otherwise="exit")},
    )
    assert [(way.name, way.to) for way in journey.steps["invite"].ways()] == [("opened", "exit"), ("else", "exit")]
    assert journey.place("steps") == "mine"
    with pytest.raises(ValidationError, match="unknown step 'nowhere'"):
        Journey(name="mine", entry=Recurring(every="fri 19:00"), steps={"a": {"go": "nowhere"}})


def test_what_a_scenario_lacks_is_named_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        MINE.replace("age <= 30", "tag is yuong")
        .replace("bought(accident)", "bought(acident)")
        .replace("push", "email")
    )
    text = text.replace("opened", "clicked").replace(WAIT, "{wait: {before: salon}, next: active}")
    Path("mine.yaml").write_text(text)
    journey = read_journey(Path("mine.yaml"))
    channels = {name: rules for name, rules in base().channels.items() if name != "email"}
    with pytest.raises(ScenarioError) as caught:
        refuse_misfits(journey, base().replace(start="2026-05-01", channels=channels))
    lines = str(caught.value).splitlines()
    for said in (
        "mine.yaml:2:39: entry.who: unknown tag 'yuong'; known:",
        "mine.yaml:4:24: goal.reached: unknown product 'acident'; did you mean 'accident'?",
        "mine.yaml:8:12: steps.invite.send.email: the scenario has no channel 'email'",
        "mine.yaml:8:19: steps.invite.send.email: the scenario has no content 'gift'",
        "mine.yaml:5:24: events.salon.date: 2026-04-18 is past: the scenario starts on 2026-05-01",
    ):
        assert any(line.startswith(said) for line in lines), "\n".join(lines)
    (content,) = [line for line in lines if "no content 'gift'" in line]
    assert content.endswith("; or describe it under 'contents' of the scenario: what it does to customers")


def test_a_journey_that_fits_its_scenario_is_let_through(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = MINE.replace("gift", "sign_in_gift").replace("page", "product_offer")
    path.write_text(text.replace("kind: benefit", "kind: sign_in_game"))
    assert list(misfits(read_journey(path), base().replace(start="2026-01-05", horizon="365d"))) == []


# The calendar


@pytest.mark.parametrize(
    ("calendar", "after", "comes"),
    [
        (parse_every("fri 19:00"), "2026-01-05 00:00", "2026-01-09 19:00"),
        (parse_every("fri 19:00"), "2026-01-09 19:00", "2026-01-16 19:00"),
        (parse_every("mon,wed 09:00"), "2026-01-05 09:00", "2026-01-07 09:00"),
        (parse_every("workdays 09:00"), "2026-01-09 10:00", "2026-01-12 09:00"),
        (parse_every("weekend 09:00"), "2026-01-05 10:00", "2026-01-10 09:00"),
        (parse_every("month 31 10:00"), "2026-01-31 10:00", "2026-03-31 10:00"),
        (parse_cron("0 19 * * 5"), "2026-01-05 00:00", "2026-01-09 19:00"),
        (parse_cron("30 8,20 * * 0"), "2026-01-11 08:30", "2026-01-11 20:30"),
        (parse_cron("0 0 1 */3 *"), "2026-01-05 00:00", "2026-04-01 00:00"),
        (parse_cron("0 12 13 * 5"), "2026-01-10 00:00", "2026-01-13 12:00"),  # the 13th, or any Friday
        (parse_cron("0 12 29 2 *"), "2026-01-10 00:00", "2028-02-29 12:00"),
        (parse_until("09:00"), "2026-01-05 09:00", "2026-01-06 09:00"),
    ],
)
def test_the_next_appointment(calendar: object, after: str, comes: str) -> None:
    start = datetime.date(2026, 1, 5)
    zero = datetime.datetime.combine(start, datetime.time())
    seconds = int((parse_time(after) - zero).total_seconds())
    found = calendar.next_after(seconds, start)  # type: ignore[attr-defined]
    assert zero + datetime.timedelta(seconds=found) == parse_time(comes)


@pytest.mark.parametrize("text", ["0 19 * *", "0 19 * * 1-", "60 0 * * *", "0 0 30 2 *", "0 0 5-2 * *", "*/0 * * * *"])
def test_cron_that_no_calendar_has(text: str) -> None:
    with pytest.raises(PathError):
        parse_cron(text)


# Files of a workspace


def test_a_journey_and_a_plug_in_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "strategies" / "orchestration"
    folder.mkdir(parents=True)
    (tmp_path / "lifesim.toml").write_text("")
    (folder / "mine.yaml").write_text(MINE)
    workspace.unmount()
    workspace.mount(tmp_path)
    try:
        assert workspace.journey_files() == {"mine": folder / "mine.yaml"}
        (folder / "other.py").write_text(PLUG_IN)
        workspace.unmount()
        workspace.mount(tmp_path)
        with pytest.raises(InputError, match=r"two strategies in orchestration are called 'mine'"):
            workspace.journey_files()
    finally:
        workspace.unmount()


def test_an_unknown_journey_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no journey 'striving_yuth'.*did you mean 'striving_youth'"):
        load_journey("striving_yuth", REPO)


def test_a_scenario_that_names_a_journey_learns_what_no_world_does(tmp_path: Path) -> None:
    workspace.unmount()
    workspace.mount(REPO)
    try:
        scenario = base()
        arms = {"control": scenario.arms["control"], "mine": Arm(orchestration=("wealth_rising",))}
        found = [each.message for each in problems_of(scenario.replace(arms=arms)) if "can book" in each.message]
    finally:
        workspace.unmount()
    assert found == [
        "strategies/orchestration/wealth_rising.yaml:69:27: nobody can book an offline event of this journey; "
        "give one of its contents prompts: {booked: 30%}"
    ]


def test_more_journeys_than_a_world_can_tell_apart_are_refused_when_the_scenario_is_checked(tmp_path: Path) -> None:
    scenario = base()
    folder = tmp_path / "strategies" / "orchestration"
    folder.mkdir(parents=True)
    (tmp_path / "lifesim.toml").write_text("")
    names = tuple(f"walk_{k}" for k in range(MOST_JOURNEYS + 1))
    for name in names:
        steps = "steps: {stay: {wait: 1d, next: exit}}"
        (folder / f"{name}.yaml").write_text(f"name: {name}\nentry: {{every: 'day 09:00'}}\n{steps}\n")
    workspace.unmount()
    workspace.mount(tmp_path)
    try:
        arms = {"control": Arm(orchestration=names[:40]), "mine": Arm(orchestration=names[20:])}
        found = {
            each.path: each.message for each in problems_of(scenario.replace(arms=arms)) if "journey" in each.message
        }
        all_but_one = {"control": Arm(orchestration=names[:40]), "mine": Arm(orchestration=names[20:-1])}
        fewer = [each for each in problems_of(scenario.replace(arms=all_but_one)) if "journey" in each.message]
    finally:
        workspace.unmount()
    assert list(found.values()) == [f"is journey 63; {TOO_MANY_JOURNEYS}"]
    assert fewer == []


# What holds for every journey


@settings(max_examples=80, deadline=None)
@given(journeys())
def test_a_journey_survives_a_round_trip_and_without_its_ways_back_it_has_an_order(journey: Journey) -> None:
    assert again(journey) == journey.model_dump()
    assert not instant_circle(journey.steps)
    back = back_ways(journey.steps)
    forward = [
        (name, way.to) for name, step in journey.steps.items() for way in step.ways() if (name, way.name) not in back
    ]
    order: list[str] = []
    left = dict.fromkeys(journey.steps)
    while left:
        free = [name for name in left if not any(to == name and start in left for start, to in forward)]
        assert free, "the ways that are left go in a circle"
        order += free
        for name in free:
            del left[name]
