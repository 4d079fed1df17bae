"""Journeys run in a world: every step at its time, every way counted, and nobody else's life touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from journey_worlds import a_journey, obliging, sent, story, under, ways
from random_journeys import journeys
from small_worlds import (
    SILENCE,
    FirstSeat,
    busy,
    described,
    differences,
    enrolled,
    experiment,
    forked,
    keys_of,
    lives,
    log_of,
    new_world,
    run,
    run_on,
    small,
    uncontended,
)

import lifesim
from lifesim.engagement.journeys.audience import compile_audience
from lifesim.engagement.journeys.layout import STEP as AUDIENCE
from lifesim.engagement.journeys.running_checks import cannot_run
from lifesim.errors import InputError, ScenarioError
from lifesim.experiment import plugins
from lifesim.experiment.passages import WAITING, journey_steps, journey_totals
from lifesim.experiment.store import StoredRun
from lifesim.population.columns import CALL, DAY, HAND_OVER, TOUCH_OUTCOMES, UNSPOKEN
from lifesim.report.journeys import counts_of_run, lines
from lifesim.scenario.journeys import Journey, vocabulary
from lifesim.scenario.journeys.loading import misfits
from lifesim.strategy import Practice
from lifesim.workforce.leads import TOLD
from lifesim.world.views import customer_view

END = 80 * DAY
HOUR = 3_600


TOGETHER = {
    "invite": {"send": {"push": "hello"}, "on": {"opened": "later"}, "within": "2d", "else": "exit"},
    "later": {"wait": {"until": "mon 08:30"}, "next": "letter"},
    "letter": {"send": {"sms": "gift"}, "at": "10:00", "on": {"clicked": "split"}, "within": "1d", "else": "exit"},
    "split": {"split": {"game": 1.0, "never": 0.0}},
    "never": {"send": {"sms": "hello"}, "next": "exit"},
    "game": {
        "send": {"service_account": "game"}, "daily": "09:00", "on": {"signed_in 3 days running": "known"},
        "within": "10d", "else": "exit",
    },
    "known": {"if": "policies >= 0", "then": "played", "else": "never"},
    "played": {"engagement": "game", "on": {"opened": "call"}, "else": "exit"},
    "call": {"send": {"call": "hello"}, "on": {"connected": "expert"}, "within": "3d", "else": "exit"},
    "expert": {"hand_over": {"reason": "played"}, "next": "exit"},
}  # fmt: skip


def test_a_customer_who_does_all_that_is_asked_goes_through_every_step_at_its_time() -> None:
    scenario, practice = obliging(), under(a_journey(TOGETHER))
    world = run(scenario, practice, days=80)
    everyone = len(enrolled(world))
    assert everyone > 50
    assert sent(world) == {
        ("push", "hello"): dict.fromkeys(("requested", "delivered", "opened"), everyone),
        ("sms", "gift"): dict.fromkeys(("requested", "delivered", "opened"), everyone),
        ("service_account", "game"): dict.fromkeys(("requested", "delivered", "opened"), 3 * everyone),
        ("call", "hello"): dict.fromkeys(("requested", "delivered", "opened"), everyone),
        ("call", scenario.desk.content): dict.fromkeys(("requested", "delivered", "opened"), everyone),
    }
    for key in keys_of(world)[enrolled(world)["customer"]]:
        *letters, call, expert = story(world, key)
        assert letters == ["Fri 09 19:00", "Mon 12 10:00", "Tue 13 09:00", "Wed 14 09:00", "Thu 15 09:00"]
        # At a time of the customer's own in the slot after the request, within the hours of the desk.
        assert "Thu 15 10:00" <= call < "Thu 15 11:00"
        assert "Thu 15 11:00" <= expert < "Thu 15 12:00"
    assert ways(world, practice) == {
        ("invite", "opened"): everyone, ("later", "next"): everyone, ("letter", "clicked"): everyone,
        ("split", "game"): everyone, ("game", "signed_in 3 days running"): everyone, ("known", "then"): everyone,
        ("played", "opened"): everyone, ("call", "connected"): everyone, ("expert", "next"): everyone,
    }  # fmt: skip


IGNORED = {
    "invite": {"send": {"push": "hello"}, "on": {"opened": "exit"}, "within": "2d", "else": "play"},
    "play": {
        "send": {"push": "game"}, "daily": "09:00", "on": {"signed_in 2 days running": "exit"}, "within": "3d",
        "else": "asked",
    },
    "asked": {"engagement": "invite", "on": {"opened": "exit"}, "else": "quiet"},
    "quiet": {"if": "policies < 0", "then": "exit", "else": "back"},
    "back": {"repeat": "invite", "times": 2, "next": "last"},
    "last": {"on": {"complained": "exit"}, "within": "1d", "else": "exit"},
}  # fmt: skip


def test_a_customer_who_answers_nothing_takes_every_timeout_and_else() -> None:
    practice = under(a_journey(IGNORED))
    world = run(obliging(opened=0.0), practice, days=60)
    everyone = len(enrolled(world))
    key = keys_of(world)[enrolled(world)["customer"][0]]
    assert story(world, key) == [
        *("Fri 09 19:00", "Mon 12 09:00", "Tue 13 09:00", "Wed 14 09:00"),
        *("Wed 14 19:00", "Sat 17 09:00", "Sun 18 09:00", "Mon 19 09:00"),
        *("Mon 19 19:00", "Thu 22 09:00", "Fri 23 09:00", "Sat 24 09:00"),
    ]
    took = ways(world, practice)
    assert {way: n for way, n in took.items() if way[0] != "last"} == {
        ("invite", "else"): 3 * everyone, ("play", "else"): 3 * everyone, ("asked", "else"): 3 * everyone,
        ("quiet", "else"): 3 * everyone, ("back", "repeat"): 2 * everyone, ("back", "next"): everyone,
    }  # fmt: skip
    assert sum(n for (step, _), n in took.items() if step == "last") == everyone


def test_entries_exits_the_goal_and_reentry() -> None:
    """Sessions let customers in, once more after the cool-down; the goal ends it."""
    journey = a_journey(
        {"hold": {"wait": "20d", "next": "exit"}},
        entry={"on": "launched_app", "who": "age <= 30"},
        reentry={"after": "10d", "times": 1},
        goal={"reached": "asked_adviser or bought", "within": "20d", "leave": True},
        exit_on=["opted_out"],
    )
    practice = under(journey)
    world = run(small(300), practice, days=80)
    pool = enrolled(world)
    ages = world.observed["age"](world.state, pool["customer"], 0)
    assert len(pool) > 40 and ages.max() <= 30
    assert set(pool["entries"].tolist()) == {1, 2}
    sessions = log_of(world)
    first = {}
    for key, at in zip(*(sessions[name][sessions["kind"] == 1] for name in ("key", "time")), strict=True):
        first.setdefault(int(key), int(at))
    once = pool[pool["entries"] == 1]
    young = world.state.customers["key"][once["customer"]]
    assert [first[int(key)] for key in young] == once["entered"].tolist()
    assert (pool["course"] < 0).any()
    totals = {row["measure"]: row["value"] for row in journey_totals(world, practice)}
    assert totals["entered"] == pool["entries"].sum()
    assert totals["converted"] == ways(world, practice)["hold", "reached_goal"] > 0
    assert ways(world, practice).get(("hold", "left"), 0) < totals["converted"]  # who opted out


def test_whoever_is_to_leave_before_the_next_step_leaves_there() -> None:
    steps = {"one": {"wait": "1d", "next": "two"}, "two": {"wait": "1d", "next": "exit"}}
    practice = under(a_journey(steps, exit_if="policies >= 1"))
    world = run(small(200), practice, days=80)
    pool = enrolled(world)
    held_then = ways(world, practice)["one", "left"]
    assert 0 < held_then < len(pool)
    assert ways(world, practice)["two", "next"] == len(pool) - held_then - ways(world, practice).get(("two", "left"), 0)


def test_a_split_is_sticky_and_has_its_shares() -> None:
    steps = {
        "split": {"experiment": {"a": 0.3, "b": 0.5}, "control": {"exit": 0.2}},
        "a": {"send": {"push": "hello"}, "next": "exit"},
        "b": {"send": {"sms": "hello"}, "next": "exit"},
    }
    practice = under(a_journey(steps, entry={"every": "day 12:00"}, reentry={"after": "0d"}))
    data = obliging().replace(population={"branches": {"north": 2_000}, "segments": {"mainstream": 1.0}})
    world = run(data, practice, days=10)
    took = ways(world, practice)
    people = len(enrolled(world))
    log = log_of(world)
    pushed = {int(key) for key in log["key"][log["campaign"] == "walk"]}
    # Ten visits of one customer are one draw: shares are those of customers. False failure of 1e-6 is 4.9 deviations.
    for way, share in (("a", 0.3), ("b", 0.5), ("control", 0.2)):
        assert abs(took["split", way] / 10 - share * people) < 4.9 * np.sqrt(people * share * (1 - share)) + 2
    assert abs(len(pushed) - 0.8 * people) < 4.9 * np.sqrt(0.16 * people) + 2


NEWS = a_journey(
    {
        "news": {"send": {"push": "newsletter"}, "on": {"opened": "offer"}, "within": "2d", "else": "remind"},
        "offer": {"send": {"sms": "product_offer"}, "at": "10:00", "on": {"browsed": "call"}, "within": "9d",
                  "else": "exit"},
        "remind": {"send": {"service_account": "newsletter"}, "on": {"opened": "offer"}, "within": "5d",
                   "else": "exit"},
        "call": {"send": {"call": "care_call"}, "on": {"connected": "exit"}, "within": "5d", "else": "exit"},
    },
    name="news", entry={"every": "mon,thu 10:00", "who": "age <= 30"}, reentry={"after": "3d"},
    goal={"reached": "bought", "within": "30d"}, exit_on=["opted_out"],
    contents={name: {"kind": kind, "says": name} for name, kind in
              (("newsletter", "education"), ("product_offer", "product_offer"), ("care_call", "care"))},
)  # fmt: skip
OTHER = a_journey(
    {"letter": {"send": {"sms": "newsletter"}, "next": "exit"}},
    name="a_letter", entry={"every": "tue 11:00", "who": "age between 26 and 36"}, reentry={"after": "1d"},
    contents={"newsletter": {"kind": "education", "says": "news"}},
)  # fmt: skip


def test_whom_no_journey_touches_lives_as_in_silence() -> None:
    scenario = uncontended(small(400))
    world, silent = run(scenario, under(NEWS)), run(scenario, Practice(allocation=FirstSeat()))
    touched = keys_of(world)[enrolled(world)["customer"]]
    others = np.setdiff1d(keys_of(silent), touched)
    assert len(touched) > 50 and len(others) > 100
    assert differences(lives(world, only=others), lives(silent, only=others)) == []
    assert differences(lives(world, only=touched), lives(silent, only=touched)) != []


def test_another_journey_leaves_the_draws_of_the_first_in_place() -> None:
    scenario = uncontended(small(400))
    alone, both = run(scenario, under(NEWS)), run(scenario, under(OTHER, NEWS))
    pool, number = enrolled(both), both.journeys.names.index("a_letter")
    reached = keys_of(both)[pool["customer"][pool["journey"] == number]]
    others = np.setdiff1d(keys_of(alone), reached)
    in_news = keys_of(alone)[enrolled(alone)["customer"]]
    assert len(np.intersect1d(in_news, reached)) > 20 < len(np.intersect1d(in_news, others))
    numbers = ("enrolments.journey", "courses.row", "customers.recent_sends")
    assert differences(lives(alone, only=others), lives(both, only=others), ignore=numbers[:2]) == []


@pytest.mark.parametrize("at", [25 * DAY + 1, 41 * DAY + 10 * HOUR, 60 * DAY])
def test_a_cut_with_journeys_on_their_way_changes_no_bit(at: int) -> None:
    practice = Practice(orchestrations={**busy().orchestrations, "news": NEWS}, allocation=FirstSeat())
    of = experiment(small({"north": 150, "south": 100}), {"control": practice})
    uncut, log = run_on(of, new_world(of), practice, END)
    cut = new_world(of)
    cut.run(at, of.parts(cut, practice))
    assert np.count_nonzero(cut.state.courses["inside"]) > 0
    again, log_again = run_on(of, new_world(of), practice, END, [at])
    assert differences(lives(uncut), lives(again), ignore=("log.",)) == []
    assert differences(log, log_again) == []


def test_an_arm_without_the_journey_of_the_warm_up_ends_it() -> None:
    practice = under(NEWS)
    of = experiment(small(200), {"control": practice, "silence": SILENCE})
    world = forked(of, practice)
    assert np.count_nonzero(world.state.courses["inside"]) > 0
    world.run(END, of.parts(world, SILENCE))
    assert np.count_nonzero(world.state.courses["inside"]) == 0
    assert not world.state.touched[world.campaigns.index("news"), :, :, 0].any()
    assert journey_steps(world, SILENCE) == []


def test_the_kernel_sees_of_a_customer_what_a_view_shows() -> None:
    scenario = small(300)
    texts = [
        "age <= 30 and not holds(accident)",
        "orphan or policies > 1",
        "consents(push) and not consents(sms)",
        "days_since_session <= 3 or tenure < 20d",
        "days_to_due between 5 and 60",
        "days_since_touch <= 4 and not waits",
        "stage in (AWARENESS, HOLDING) or branch is north and policies = 1",
        "sum_assured > 20万",
        "annual_premium between 300 and 9000",
        "tag is striving_youth and launched_app within 7d",
        "not (tag is mainstream or holds(long_term))",
        "browsed within 10d and not browsed(protection) within 10d",
        "opened(newsletter) within 5d or clicked(product_offer) within 30d",
        "bought within 1y and not complained within 40d",
    ]
    wait, later = {"wait": {"wait": "1d", "next": "exit"}}, "2026-03-05 00:00"
    asking = [a_journey(wait, name=f"asks_{k}", entry={"at": later, "who": text}) for k, text in enumerate(texts)]
    practice = busy()
    practice = Practice({**practice.orchestrations, **under(*asking).orchestrations}, allocation=FirstSeat())
    world = run(scenario, practice, days=70)
    view, rows = customer_view(world.observed, world.state, world.now, world.date(world.now))
    rules, entries = (world.journeys.arrays[name] for name in ("journey_rules", "journey_entries"))
    in_view = [compile_audience(text, vocabulary(scenario))(view) for text in texts]
    for journey, text, seen in zip(asking, texts, in_view, strict=True):
        number = world.journeys.names.index(journey.name)
        world.enrol(journey.name, int(entries[rules["entries_from"][number], AUDIENCE]), world.now)
        pool = enrolled(world)
        mine = pool["customer"][pool["journey"] == number]
        assert sorted(mine.tolist()) == rows[seen].tolist(), text
        assert 0 < seen.sum() < len(rows), text


def runnable(journey: Journey) -> Journey:
    """The journey without what no world does so far, something else in its place."""
    text = journey.model_dump_json(by_alias=True, exclude_defaults=True)
    for what, instead in (("signed_in 3 days running", "launched_app 2 days running"),):
        text = text.replace(f'"{what}"', f'"{instead}"')
    data = json.loads(text)
    return Journey.model_validate(data)


@settings(max_examples=12, deadline=None)
@given(journey=journeys())
def test_of_any_journey_whoever_comes_to_a_step_goes_one_way_or_waits(journey: Journey) -> None:
    contents = {name: {"kind": "care", "visit": 0.3} for name in ("hello", "gift", "quiz")}
    scenario = uncontended(small(120, horizon="160d"))
    scenario = scenario.replace(contents=described(scenario)["contents"] | contents)
    journey = runnable(journey)
    assert [*misfits(journey, scenario), *cannot_run(journey, scenario)] == []
    practice = under(journey)
    world = run(scenario, practice, days=180)
    took, inside = {}, {}
    for row in journey_steps(world, practice):
        (inside if row["way"] == WAITING else took)[row["step"], row["way"]] = row["customers"]
    entered = journey_totals(world, practice)[0]["value"]
    for name in journey.steps:
        leads = [(other, way) for other, of in journey.steps.items() for way in of.ways() if way.to == name]
        came = sum(took[other, way.name] for other, way in leads) + (entered if name == journey.start else 0)
        assert came == sum(n for (at, _), n in took.items() if at == name) + inside[name, WAITING]
    for became in sent(world, journey.name).values():
        on_the_way = became["requested"] - sum(n for what, n in became.items() if what not in NOT_ENDS)
        assert on_the_way >= 0
    pool = world.state.touches
    spoken = pool["lead"] & UNSPOKEN == 0
    queued = np.count_nonzero((pool["customer"] >= 0) & (pool["status"] == 0) & (pool["step"] > 0) & spoken)
    leads, calls = world.extra["leads"], world.extra["calls"]
    queued += np.count_nonzero((leads["inquiry"] == 0) & (leads["told"] != TOLD))
    queued += np.count_nonzero(np.isin(calls["kind"], (CALL, HAND_OVER)))
    table = world.state.touched[world.campaigns.index(journey.name)].sum(axis=(0, 1))
    ends = sum(int(n) for n, what in zip(table, TOUCH_OUTCOMES, strict=True) if what not in NOT_ENDS)
    assert table[0] == ends + queued


#: Outcomes of touches that are none of the ways in which one ends.
NOT_ENDS = ("requested", "opened", "opted_out")


def test_what_no_world_does_is_said_with_its_place() -> None:
    journey = a_journey(
        {
            "tell": {"on": {"agent_assigned": "split"}, "within": "1d", "else": "split"},
            "split": {"split": {"come": 0.5, "birthday": 0.5}, "cap": {"come": 5}, "full": "exit"},
            "come": {"on": {"attended(salon)": "exit", "signed_in": "exit"}, "within": "2d", "else": "exit"},
            "birthday": {"wait": {"before": "birthday", "by": "1d"}, "next": "told"},
            "told": {"on": {"agent_assigned": "exit"}, "within": "2d", "else": "exit"},
        },
        exit_if="browsed within 3d and left_contact within 9d",
        events={"salon": {"date": "2026-02-01 14:00"}},
    )
    found = {".".join(map(str, each.path)): each.message for each in cannot_run(journey, small())}
    assert found == {
        "steps.tell.on.agent_assigned": "without a workforce nobody has a serving agent, and 'agent_assigned' does not "
        "happen; describe the workforce, as in markets/agents.yaml, or write a step with hand_over",
        "steps.come.on.attended(salon)": "nobody can book an offline event of this journey; give one of its "
        "contents prompts: {booked: 30%}",
        "steps.come.on.signed_in": "nothing that the journey sends leads to 'signed_in'; give one of the contents "
        "prompts: {signed_in: 30%}",
        "steps.told.on.agent_assigned": "without a workforce nobody has a serving agent, and 'agent_assigned' does not "
        "happen; describe the workforce, as in markets/agents.yaml, or write a step with hand_over",
        "exit_if": "nothing leads to 'left_contact'; give one of the contents prompts: {left_contact: 30%}",
    }


def test_a_journey_that_no_world_can_run_is_refused_before_anything_runs() -> None:
    journey = a_journey({"await": {"on": {"agent_assigned": "exit"}, "within": "1d", "else": "exit"}})
    with pytest.raises(ScenarioError, match="without a workforce nobody has a serving agent"):
        experiment(small(), {"control": under(journey)})


def test_two_journeys_of_one_name_are_refused() -> None:
    other = a_journey({"wait": {"wait": "1d", "next": "exit"}}, name="news")
    with pytest.raises(InputError, match="two arms run different journeys named 'news'"):
        experiment(small(), {"control": under(NEWS), "other": under(other)})


def test_more_journeys_than_a_world_can_number_are_refused_with_the_place_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = {f"walk{k}": a_journey({"wait": {"wait": "1d", "next": "exit"}}, name=f"walk{k}") for k in range(70)}
    monkeypatch.setattr(plugins, "instance", lambda kind, name: made.get(str(name)))
    names, remedy = list(made), "all arms together run 62 at most: leave some out, or compare the arms in several"
    arms = {"control": {}, "first": {"orchestration": names[:40]}, "second": {"orchestration": names[20:]}}
    found = list(plugins.journeys_that_cannot_run(small(arms=arms)))
    assert [".".join(map(str, each.path)) for each in found] == ["arms.second.orchestration.42"]
    assert found[0].message.startswith(f"is journey 63; {remedy}")
    most = {"control": {}, "first": {"orchestration": names[:62]}}
    spare = {"spare": {"orchestration": names}}
    assert not list(plugins.journeys_that_cannot_run(small(arms=most, practices=spare))), "no arm uses it"
    several = list(made.values())
    with pytest.raises(InputError, match=f"found 70 journeys; {remedy}"):
        new_world(experiment(small(), {"control": under(*several[:40]), "other": under(*several[20:])}))


def test_a_run_keeps_the_counts_and_they_can_be_shown(tmp_path: Path) -> None:
    arms = {"control": SILENCE, "news": under(NEWS), "more": under(NEWS, OTHER)}
    result = lifesim.compare(small(200), arms, workers=1)
    frame = result.tables["journey_steps"]
    mine = frame[(frame["journey"] == "news") & (frame["arm"] == "news")]
    run = StoredRun(tmp_path, {"files": {"journey_steps.parquet": ""}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoredRun, "table", lambda self, name: result.tables[name])
        counts = counts_of_run(run, NEWS, "news")
        with pytest.raises(InputError, match="several arms ran the journey 'news'; write --arm more"):
            counts_of_run(run, NEWS, None)
        with pytest.raises(InputError, match="arm 'mroe' never ran the journey 'news'; did you mean 'more'"):
            counts_of_run(run, NEWS, "mroe")
        with pytest.raises(InputError, match="no arm ran the journey 'walk'"):
            counts_of_run(run, a_journey(TOGETHER), None)
    assert sum(counts.seen(name) for name in NEWS.steps) == mine["customers"].sum() > 50
    assert counts.seen("news") == mine[mine["step"] == "news"]["customers"].sum()
    text = "\n".join(lines(NEWS, "en", counts))
    assert f"{counts.went('news', 'else'):,}" in text
    assert "counts: arm news, the one replication of the run" in text
    thrice = replace(counts, replications=3)
    assert "counts: arm news, 3 replications added up, customers of all of them" in "\n".join(lines(NEWS, "en", thrice))
    assert "计数：方案news，3次重复的客户合计" in "\n".join(lines(NEWS, "zh", thrice))
    assert ("fewer than 30" in text) is any(0 < counts.seen(name) < 30 for name in NEWS.steps)
    assert set(frame["arm"]) == {"news", "more"}


def test_reminders_may_be_exempt_from_marketing_rules() -> None:
    """A daily reminder that is marketing meets the cap; one that the customer has asked for does not."""
    daily = {"a": {"send": {"push": "note"}, "daily": "09:00", "on": {"complained": "exit"}, "within": "6d",
                   "else": "exit"}}  # fmt: skip
    practice = under(a_journey(daily, contents={"note": {"kind": "reminder", "says": "again"}}))
    scenario = obliging(note={"kind": "reminder", "visit": 0.0})
    cap, quiet = {"touches": 2, "within": "20d"}, {"start": "21:00", "end": "08:00"}
    free, capped = (
        sent(run(scenario.replace(contact_policy={"marketing_cap": cap, "quiet": quiet, **more}), practice, days=40))
        for more in ({"exempt": ["service", "reminder"]}, {})
    )
    assert free["push", "note"]["delivered"] == free["push", "note"]["requested"] > 300
    assert capped["push", "note"]["delivered"] * 3 == capped["push", "note"]["requested"]
    assert capped["push", "note"]["suppressed_cap"] == capped["push", "note"]["delivered"] * 2
