"""The contact policy: what it holds back, for which reason, and that nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, under
from small_worlds import Weekly, described, enrolled, experiment, forked, keys_of, log_of, run, run_on

from lifesim.errors import InputError, ScenarioError
from lifesim.experiment import plugins
from lifesim.experiment.passages import journey_totals
from lifesim.population.columns import DAY, E_DELIVERED
from lifesim.scenario import Scenario
from lifesim.scenario.contact import ContactPolicy
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import Practice
from lifesim.world.world import World

HOUR = 3_600
OPEN: dict[str, Any] = {"marketing_cap": None, "quiet": None, "exempt": ["service"]}
DAILY = {"weekdays": tuple(range(1, 8)), "share": 1.0}


def market(**policy: Any) -> Scenario:
    """Touches that arrive at once, under a policy that has the given rules and no others."""
    contents = {"offer": {"kind": "product_offer", "visit": 0.0}, "lesson": {"kind": "education", "visit": 0.0}}
    return obliging(**contents).replace(contact_policy=OPEN | policy)


def campaigns(**given: Weekly) -> Practice:
    return Practice(orchestrations=given)


def arrivals(world: World, campaign: str) -> dict[int, list[int]]:
    """When touches of a campaign arrived, by customer."""
    log = log_of(world)
    mine = (log["kind"] == E_DELIVERED) & (log["campaign"] == campaign)
    found: dict[int, list[int]] = {}
    for key, time in zip(log["key"][mine].tolist(), log["time"][mine].tolist(), strict=True):
        found.setdefault(key, []).append(time)
    return found


def accounted(world: World, campaign: str) -> None:
    """Requested = delivered + failed + suppressed by reason, with nothing on its way."""
    for outcomes in sent(world, campaign).values():
        held_back = sum(n for name, n in outcomes.items() if name.startswith("suppressed_"))
        assert outcomes["requested"] == outcomes.get("delivered", 0) + outcomes.get("failed", 0) + held_back


def test_named_caps_count_channels_and_kinds_over_exact_windows() -> None:
    """Two offers a week by push, one touch in ten days by SMS: each window is used up to the second and no further."""
    caps = {
        "pushed_offers": {"touches": 2, "within": "7d", "channels": ["push"], "kinds": ["product_offer"]},
        "texts": {"touches": 1, "within": "10d", "channels": ["sms"]},
    }
    practice = campaigns(
        offers=Weekly("offer", "push", "10:00", **DAILY), lessons=Weekly("lesson", "push", "11:00", **DAILY),
        texts=Weekly("lesson", "sms", "12:00", **DAILY), notices=Weekly("hello", "sms", "12:30", **DAILY),
    )  # fmt: skip
    world = run(market(caps=caps), practice, days=30)
    for campaign in practice.orchestrations:
        accounted(world, campaign)
    first = arrivals(world, "offers")
    everyone = [key for key, times in first.items() if times[0] == 10 * HOUR]
    assert len(everyone) > 50
    for key in everyone:
        assert [time // DAY for time in first[key]] == [0, 1, 7, 8, 14, 15, 21, 22, 28, 29]
        assert len(arrivals(world, "lessons")[key]) == 30
        assert [time // DAY for time in arrivals(world, "texts")[key]] == [0, 10, 20]
        assert len(arrivals(world, "notices")[key]) == 30, "service is exempt"
    assert "suppressed_texts" in sent(world, "texts")["sms", "lesson"]
    assert "suppressed_pushed_offers" not in sent(world, "lessons")["push", "lesson"]


def test_a_cap_without_names_counts_everything_and_memory_is_taken_only_where_there_is_one() -> None:
    practice = campaigns(
        offers=Weekly("offer", "push", "10:00", **DAILY), texts=Weekly("lesson", "sms", "12:00", **DAILY)
    )
    world = run(market(caps={"month": {"touches": 5, "within": "30d"}}), practice, days=30)
    both = [arrivals(world, "offers"), arrivals(world, "texts")]
    assert all(len(both[0][key]) + len(both[1][key]) == 5 for key in both[1])
    assert world.state.recent.shape[1] == 5
    without = run(market(), practice, days=2)
    assert without.state.recent.nbytes == 0
    assert len(without.policies.outcomes) == 11


def test_quiet_hours_queue_and_release_a_burst_or_discard() -> None:
    """What is sent at 22:00 arrives at 08:30 in one second, as one wave; or, discarded, never and is counted so."""
    practice = campaigns(
        late=Weekly("offer", "push", "22:00", **DAILY), notices=Weekly("hello", "push", "23:00", **DAILY)
    )
    quiet = {"start": "21:30", "end": "08:30"}
    waits = run(market(quiet=quiet), practice, days=10)
    times = np.concatenate(list(arrivals(waits, "late").values()))
    assert set((times % DAY).tolist()) == {8 * HOUR + 1800}
    assert np.bincount(times // DAY)[1] > 50, "all of a day arrive together"
    dropped = run(market(quiet=quiet | {"discard": True}), practice, days=10)
    assert arrivals(dropped, "late") == {}
    counted = sent(dropped, "late")["push", "offer"]
    assert counted == {"requested": counted["requested"], "suppressed_quiet": counted["requested"]}
    notices = np.concatenate(list(arrivals(dropped, "notices").values()))
    assert set((notices % DAY).tolist()) == {23 * HOUR}


def with_hours(scenario: Scenario, **hours: tuple[str, str]) -> Scenario:
    """The scenario with other hours of some channels."""
    channels = described(scenario)["channels"]
    for name, (opens, closes) in hours.items():
        channels[name]["hours"] = {"opens": opens, "closes": closes}
    return scenario.replace(channels=channels)


def test_what_the_hours_of_a_channel_move_into_quiet_hours_is_discarded_too() -> None:
    """Sent when the channel has closed: it would arrive at the opening, which is quiet."""
    practice = campaigns(late=Weekly("offer", "push", "20:30", **DAILY), noon=Weekly("offer", "push", "12:00", **DAILY))
    quiet = {"start": "21:30", "end": "08:30"}
    waits, drops = (
        run(with_hours(market(quiet=quiet | {"discard": discard}), push=("07:00", "20:00")), practice, days=10)
        for discard in (False, True)
    )
    times = np.concatenate(list(arrivals(waits, "late").values()))
    assert set((times % DAY).tolist()) == {8 * HOUR + 1800}
    assert arrivals(drops, "late") == {} and arrivals(drops, "noon") == arrivals(waits, "noon") != {}
    counted = sent(drops, "late")["push", "offer"]
    assert counted == {"requested": counted["requested"], "suppressed_quiet": counted["requested"]}


def test_marketing_is_carried_within_the_hours_of_its_channel_whatever_is_quiet() -> None:
    """Quiet hours in a channel's evening, night and morning: what is sent at any hour arrives in what they leave."""
    hourly = {f"at_{hour}": Weekly("offer", "push", f"{hour:02d}:30", **DAILY) for hour in range(24)}
    for opens, closes, start, end in ((7, 20, 19, 9), (7, 20, 6, 12), (1, 9, 22, 8), (6, 23, 22, 5)):
        quiet = {"start": f"{start:02d}:00", "end": f"{end:02d}:00"}
        scenario = with_hours(market(quiet=quiet, marketing_cap=None), push=(f"{opens:02d}:00", f"{closes:02d}:00"))
        world = run(scenario, campaigns(**hourly), days=3)
        hours = {time % DAY // HOUR for name in hourly for at in arrivals(world, name).values() for time in at}
        loud = {hour for hour in range(24) if not (start <= hour or hour < end if start > end else start <= hour < end)}
        assert hours == {hour for hour in range(opens, closes) if hour in loud}


def test_an_arm_from_python_whose_quiet_hours_leave_a_channel_no_time_is_refused() -> None:
    policy = ContactPolicy.model_validate({"quiet": {"start": "20:00", "end": "12:00"}})
    with pytest.raises(InputError, match="arm 'control': quiet hours cover the hours in which push carries anything"):
        run(with_hours(market(), push=("07:00", "11:00")), Practice(contact_policy=policy), days=1)


def test_quiet_hours_of_a_channel_stand_in_place_of_those_of_all() -> None:
    policy = {
        "quiet": {"start": "20:00", "end": "09:00"},
        "quiet_by_channel": {"sms": {"start": "12:00", "end": "14:00"}},
    }
    practice = campaigns(
        text=Weekly("offer", "sms", "22:00", **DAILY), noon=Weekly("lesson", "sms", "12:30", **DAILY),
        push=Weekly("offer", "push", "22:00", **DAILY),
    )  # fmt: skip
    world = run(market(**policy), practice, days=5)
    hours = {name: {time % DAY // HOUR for at in arrivals(world, name).values() for time in at}
             for name in practice.orchestrations}  # fmt: skip
    assert hours == {"text": {22}, "noon": {14}, "push": {9}}


def test_the_holdout_gets_no_marketing_and_is_the_same_in_every_arm() -> None:
    practice = campaigns(
        offers=Weekly("offer", "push", "10:00", **DAILY), notices=Weekly("hello", "sms", "11:00", **DAILY)
    )
    world = run(market(holdout=0.3), practice, days=3)
    everyone = set(arrivals(world, "notices"))
    held_out = everyone - set(arrivals(world, "offers"))
    assert 0.1 < len(held_out) / len(everyone) < 0.55
    again = run(market(holdout=0.3), campaigns(other=Weekly("lesson", "sms", "09:00", **DAILY),
                                               notices=Weekly("hello", "sms", "11:00", **DAILY)), days=3)  # fmt: skip
    assert set(arrivals(again, "notices")) - set(arrivals(again, "other")) == held_out
    larger = run(market(holdout=0.5), practice, days=3)
    assert held_out < everyone - set(arrivals(larger, "offers")), "a larger holdout holds the smaller one"
    accounted(world, "offers")


def test_whom_an_audience_names_gets_none_of_what_it_names() -> None:
    lists = {
        "no_offers": {"who": "policies == 0", "kinds": ["product_offer"]},
        "no_texts": {"who": "age > 30", "channels": ["sms"]},
    }
    practice = campaigns(
        offers=Weekly("offer", "push", "10:00", **DAILY), lessons=Weekly("lesson", "push", "11:00", **DAILY),
        texts=Weekly("lesson", "sms", "12:00", **DAILY),
    )  # fmt: skip
    world = run(market(suppressions=lists), practice, days=1)
    rows = np.arange(len(keys_of(world)))
    age = world.observed["age"](world.state, rows, DAY)
    policies, keys = world.state.customers["policies"][rows], keys_of(world)
    assert set(arrivals(world, "offers")) == set(keys[policies > 0].tolist()) & set(arrivals(world, "lessons"))
    assert set(arrivals(world, "texts")) == set(keys[age <= 30].tolist()) & set(arrivals(world, "lessons"))
    assert sent(world, "offers")["push", "offer"]["suppressed_no_offers"] > 5
    assert sent(world, "texts")["sms", "lesson"]["suppressed_no_texts"] > 5


def a_wait(name: str, at: str, content: str, **more: Any) -> Any:
    """A journey that sends once at noon of the day after, and lasts three days."""
    steps = {"hold": {"wait": "1d", "next": "tell"}, "tell": {"send": {"push": content}, "next": "rest"},
             "rest": {"wait": "2d", "next": "exit"}}  # fmt: skip
    kinds = {"offer": "product_offer", "lesson": "education", "hello": "service"}
    given = {"contents": {content: {"kind": kinds[content], "says": content}}}
    return a_journey(steps, name=name, entry={"at": at, **more}, **given)


def test_marketing_of_others_yields_while_a_customer_is_in_a_journey_that_stands_before_them() -> None:
    first = a_wait("first", "2026-01-09 12:00", "lesson", who="age <= 30")
    second = a_wait("second", "2026-01-09 12:00", "offer")
    third = Weekly("offer", "sms", "10:00", **DAILY)
    practice = Practice(orchestrations={"first": first, "second": second, "third": third})
    world = run(market(priority=["first", "second"]), practice, days=40)
    ages = world.observed["age"](world.state, np.arange(len(keys_of(world))), 0)
    young = set(keys_of(world)[ages <= 30].tolist()) & set(arrivals(world, "first"))
    assert len(young) > 5
    assert young and not young & set(arrivals(world, "second")), "held back while they are in the first"
    assert arrivals(world, "second")
    inside = range(first_day(world) + 1, first_day(world) + 4)
    for key, times in arrivals(world, "third").items():
        in_one = key in young or key in arrivals(world, "second")
        assert not in_one or not {time // DAY for time in times} & set(inside)
    for name in practice.orchestrations:
        accounted(world, name)
    assert sent(world, "second")["push", "offer"]["suppressed_priority"] == len(young)


def first_day(world: World) -> int:
    """Day of the world that is 9 January 2026."""
    return next(day for day in range(60) if str(world.date(day * DAY)) == "2026-01-09")


def test_a_customer_is_in_so_many_journeys_at_a_time() -> None:
    both = [a_wait(name, f"2026-01-09 {hour}:00", "hello") for name, hour in (("one", 12), ("two", 13))]
    late = a_wait("late", "2026-01-14 12:00", "hello")
    free, bound = (run(market(**rule), under(*both, late), days=40) for rule in ({}, {"journeys_at_once": 1}))
    assert set(arrivals(free, "one")) == set(arrivals(free, "two")) == set(arrivals(bound, "one"))
    assert not arrivals(bound, "two")
    assert set(arrivals(bound, "late")) == set(arrivals(free, "late")), "the first has ended by then"
    practice = under(*both, late)
    kept_out = {row["journey"]: row["value"] for row in journey_totals(bound, practice)
                if row["measure"] == "refused_journeys_at_once"}  # fmt: skip
    assert kept_out == {"one": 0, "two": len(arrivals(free, "two")), "late": 0}
    assert not any(row["measure"].startswith("refused") for row in journey_totals(free, practice))


def test_whoever_would_not_have_come_in_anyway_is_not_counted_as_kept_out() -> None:
    """Who is in the journey already, has had it, or is not in its audience."""
    stays = a_journey({"rest": {"wait": "2d", "next": "exit"}}, name="one",
                      entry=[{"at": "2026-01-09 12:00"}, {"at": "2026-01-09 12:00"}])  # fmt: skip
    entry = [{"at": "2026-01-08 10:00", "who": "age <= 25"}, {"at": "2026-01-09 12:00", "who": "age < 0"},
             {"at": "2026-01-09 12:00", "who": "age <= 30"}]  # fmt: skip
    practice = under(stays, a_journey({"end": {"go": "exit"}}, name="two", entry=entry))
    world = run(market(journeys_at_once=1), practice, days=30)
    pool = enrolled(world)
    ones = pool["customer"][pool["journey"] == world.journeys.names.index("one")]
    ages = world.observed["age"](world.state, ones, 0)
    rows = {(row["journey"], row["measure"]): row["value"] for row in journey_totals(world, practice)}
    assert rows["one", "refused_journeys_at_once"] == 0 < rows["two", "entered"]
    assert rows["two", "refused_journeys_at_once"] == np.count_nonzero((ages > 25) & (ages <= 30)) > 3


def test_another_channel_carries_what_one_may_not_or_does_not() -> None:
    """Without consent or reach the touch goes by SMS, and so when it fails; counted for each channel that tried."""
    scenario = market(fallback={"push": "sms"}, marketing_cap={"touches": 1, "within": "1h"})
    data = described(scenario)
    for segment in data["segments"].values():
        segment["consent"] |= {"push": 0.5}
    data["channels"]["push"]["delivered"] = 0.6
    scenario = scenario.replace(segments=data["segments"], channels=data["channels"])
    practice = campaigns(offers=Weekly("offer", "push", "10:00", **DAILY))
    world = run(scenario, practice, days=5)
    counted = sent(world, "offers")
    push, sms = counted["push", "offer"], counted["sms", "offer"]
    assert push["requested"] == push["delivered"] + push["failed"] + push["suppressed_consent"]
    assert push["failed"] > 20 and push["suppressed_consent"] > 20
    # One touch: the cap of one an hour does not stop its second try.
    assert sms == {"requested": push["failed"] + push["suppressed_consent"], "delivered": sms["requested"],
                   "opened": sms["requested"]}  # fmt: skip
    assert sum(map(len, arrivals(world, "offers").values())) == push["requested"]


def test_a_named_cap_of_the_other_channel_counts_what_falls_back_on_it() -> None:
    caps = {"texts": {"touches": 1, "within": "3d", "channels": ["sms"]}, "all": {"touches": 1, "within": "12h"}}
    scenario = market(fallback={"push": "sms"}, caps=caps)
    channels = described(scenario)["channels"]
    channels["push"]["delivered"] = 0.0
    world = run(
        scenario.replace(channels=channels), campaigns(offers=Weekly("offer", "push", "10:00", **DAILY)), days=6
    )
    counted = sent(world, "offers")
    assert counted["push", "offer"]["failed"] == counted["push", "offer"]["requested"]
    texts = counted["sms", "offer"]
    assert texts["suppressed_texts"] == 2 * texts["delivered"]
    assert all(len(times) == 2 for times in arrivals(world, "offers").values())


def test_a_journey_learns_of_a_failure_only_where_no_other_channel_carries_the_touch() -> None:
    steps = {
        "tell": {
            "send": {"push": "hello"},
            "on": {"failed": "exit", "delivered": "exit"},
            "within": "1d",
            "else": "exit",
        }
    }
    scenario = market(fallback={"push": "sms"})
    data = described(scenario)
    data["channels"]["push"]["delivered"] = 0.5
    for segment in data["segments"].values():
        segment["reach"] |= {"sms": 0.5}
    practice = under(a_journey(steps))
    world = run(scenario.replace(channels=data["channels"], segments=data["segments"]), practice, days=30)
    from journey_worlds import ways

    took, counted = ways(world, practice), sent(world)
    assert took["tell", "failed"] == counted["sms", "hello"]["suppressed_reach"] > 5
    assert took["tell", "delivered"] == counted["push", "hello"]["delivered"] + counted["sms", "hello"]["delivered"]


def test_an_arm_brings_its_own_policy_which_says_only_what_differs() -> None:
    scenario = market(
        marketing_cap={"touches": 2, "within": "7d"}, quiet={"start": "21:30", "end": "08:30"},
        caps={"texts": {"touches": 1, "within": "7d", "channels": ["sms"]}},
    ).replace(
        practices={"calm": {"contact_policy": {"marketing_cap": {"touches": 1, "within": "7d"}}}},
        arms={
            "control": {},
            "calm": {"use": "calm", "contact_policy": {"caps": {"offers": {"touches": 3, "within": "30d"}}}},
            "free": {"use": "calm", "contact_policy": {"without": ["texts", "quiet"], "holdout": "10%"}},
        },
    )  # fmt: skip
    assert scenario.policy("control") == scenario.contact_policy
    calm, free = scenario.policy("calm"), scenario.policy("free")
    assert calm.rules == ("marketing_cap", "quiet", "texts", "offers") and free.rules == ("marketing_cap", "holdout")
    assert calm.marketing_cap == free.marketing_cap and calm.marketing_cap is not None
    assert calm.marketing_cap.touches == 1 and calm.quiet == scenario.contact_policy.quiet
    practices = plugins.practices(scenario)
    assert practices["control"].contact_policy is None and practices["free"].contact_policy == free
    again = Scenario.model_validate(described(scenario))
    assert again.policy("calm") == calm and again.policy("free") == free


def test_windows_are_as_full_at_the_fork_as_the_warm_up_has_left_them() -> None:
    """A cap that only one arm has counts what was sent before the fork under the policy of the control."""
    scenario = market()
    of_arm = scenario.contact_policy.changed(
        scenario.replace(
            arms={"control": {"contact_policy": {"caps": {"fortnight": {"touches": 3, "within": "14d"}}}}}
        ).arms["control"].contact_policy
    )  # fmt: skip
    plan = {"offers": Weekly("offer", "push", "10:00", **DAILY)}
    control, capped = Practice(orchestrations=plan), Practice(orchestrations=plan, contact_policy=of_arm)
    of = experiment(scenario, {"capped": capped, "control": control})
    fork = forked(of, control)
    saved = {name: np.array(array) for name, array in fork.snapshot().items()}
    end = scenario.warm_up + 30 * DAY
    days: dict[str, set[int]] = {}
    for name, practice in (("control", control), ("capped", capped)):
        fork.restore(saved)
        world, log = run_on(of, fork, practice, end)
        mine = log["kind"] == E_DELIVERED
        old = keys_of(world)[world.state.customers["joined"][: len(keys_of(world))] <= 0]
        took = log["time"][mine & np.isin(log["key"], old)]
        days[name] = set((took - scenario.warm_up) // DAY)
    assert days["control"] == set(range(30))
    # Three were sent in the last three days before: two weeks after the first of those there is room again.
    assert days["capped"] == {11, 12, 13, 25, 26, 27}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"caps": {"quiet": {"touches": 1, "within": "1d"}}}, "'quiet' is the name of another rule"),
        ({"caps": {"many": {"touches": 61, "within": "1d"}}}, "must be 1 to 60"),
        ({"fallback": {"call": "sms"}}, "nothing is sent by call"),
        ({"fallback": {"push": "sms", "sms": "service_account"}}, "sms falls back on service_account itself"),
        ({"suppressions": {"old": {"who": "trust > 1"}}}, "trust"),
        (
            {"caps": {"x": {"touches": 1, "within": "1d"}}, "suppressions": {"x": {"who": "orphan"}}},
            "has a rule 'x' too",
        ),
        ({"holdout": "100%"}, "holdout: must be below 100%, or nobody gets marketing"),
        ({"quiet": {"start": "12:00", "end": "12:00"}}, "end: must differ from start"),
        ({"quiet_by_channel": {"sms": {"start": "12:00", "end": "12:00"}}}, "sms: end: must differ from start"),
        ({"budgets": {"texts": {"amount": "0 CNY"}}}, "texts: amount: must be above 0 CNY; to stop such touches"),
        ({"rates": {"gate": {"touches": 0}}}, "gate: touches: must be 1 or more; to stop such touches"),
        ({"entries": {"walk": {"customers": 0}}}, "walk: customers: must be 1 or more; a journey that takes nobody"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said(policy: dict[str, Any], message: str) -> None:
    from lifesim.experiment.checks import problems

    with pytest.raises(ScenarioError, match=message):
        found = problems(market(**policy))
        if found:
            raise ScenarioError(found)


def test_an_arm_cannot_hold_out_everybody_either() -> None:
    with pytest.raises(ScenarioError, match="holdout: must be below 100%, or nobody"):
        market(holdout=0.1).replace(arms={"control": {"contact_policy": {"holdout": "100%"}}})


def test_an_arm_cannot_leave_out_a_rule_that_does_not_hold() -> None:
    with pytest.raises(ScenarioError, match="no rule 'capp' holds here; did you mean 'cap1'"):
        market(caps={"cap1": {"touches": 1, "within": "1d"}}).replace(
            arms={"control": {"contact_policy": {"without": ["capp"]}}}
        )


def test_an_order_of_priority_that_names_what_no_arm_runs_is_worth_a_second_look() -> None:
    from lifesim.scenario.cautions import cautions

    found = cautions(market(priority=["newsleter"]))
    assert [each.message for each in found if "newsleter" in each.message] == [
        "no arm runs an orchestration 'newsleter'; did you mean 'newsletter'?"
    ]


@pytest.mark.parametrize(
    ("quiet", "warned"),
    [
        ({"start": "20:00", "end": "08:30"}, False),
        ({"start": "20:00", "end": "09:30"}, False),
        ({"start": "12:00", "end": "14:00"}, False),
        ({"start": "17:30", "end": "16:30"}, True),
        ({"start": "09:00", "end": "18:00"}, True),
        ({"start": "09:00", "end": "17:00"}, False),
    ],
)
def test_quiet_hours_that_leave_the_desk_no_slot_are_worth_a_second_look(quiet: dict[str, str], warned: bool) -> None:
    from lifesim.scenario.cautions import cautions

    def told(**policy: Any) -> list[str]:
        return [each.message for each in cautions(market(**policy)) if "no slot for marketing by call" in each.message]

    assert len(told(quiet=quiet)) == warned
    assert not told(quiet=quiet, quiet_by_channel={"call": {"start": "01:00", "end": "02:00"}})


def test_channels_have_one_bit_each_in_a_rule() -> None:
    from lifesim.engagement.policies import bits

    assert bits((), CHANNELS) == -1
    assert bits(("sms", "sms"), CHANNELS) == 1 << CHANNELS.index("sms")
