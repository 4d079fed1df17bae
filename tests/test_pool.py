"""The pool of leads in a world: wrong answers are named, leads are conserved, what is in hand is reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from quiet_world import REPO
from small_worlds import busy, curious, described, run, small
from teams import TURNOVER
from teams import described as team_described

import lifesim
from lifesim import workspace
from lifesim.errors import StrategyError
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.strategy import AgentView, IntArray, LeadView, Luck, NobodyAnswers, Practice
from lifesim.testing.stage import Stage
from lifesim.workforce import cases
from lifesim.workforce.agents import affinity
from lifesim.workforce.leads import DESK_MEASURES, LEAD
from lifesim.workforce.passage import CONVERTED, PASSAGE, POLICIES, nothing_passed
from lifesim.workforce.serving import SERVING, owners
from lifesim.workforce.shift import Shift
from lifesim.workforce.staff import LAST, LOAD, SEEN, staff
from lifesim.world.desk import Desk
from lifesim.world.world import World

MEASURE = {name: k for k, name in enumerate(DESK_MEASURES)}


@pytest.fixture(autouse=True)
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


def of(name: str, **parameters: Any) -> Any:
    return workspace.discover("allocation")[name].cls(**parameters)


def lively(scenario: Scenario, **desk: Any) -> Scenario:
    """The scenario with many inquiries, few seats, impatient customers, and a short follow-up."""
    data = described(scenario)
    seats = {
        "seniors": {"per_10k": 8, "calls_per_hour": 1.5, "skill": 0.6},
        "juniors": {"per_10k": 12, "calls_per_hour": 1, "skill": 0.0},
    }
    changed = data["desk"] | {"seats": seats, "patience": "6h", "follow_up": "14d"} | desk
    return scenario.replace(behaviour=curious(scenario), desk=changed)


@dataclass(frozen=True)
class Graded:
    """A grade that is the lead's own luck."""

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return (luck.uniforms("grade", lasting=True) * 4).astype(np.int64)


def served_by(allocation: Any, **more: Any) -> Practice:
    return Practice(busy().orchestrations, grading=Graded(), allocation=allocation)


@dataclass(frozen=True)
class Wrong:
    """Makes a mistake as soon as it can."""

    mistake: str

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        answer = np.full(len(leads), -1)
        if self.mistake == "range":
            answer[:] = len(agents)
        elif self.mistake == "off duty":
            # Nobody is off duty while the desk is open: what is given below makes one.
            answer[0] = int(np.argmin(agents.on_duty))
        elif self.mistake == "capacity":
            mine = np.flatnonzero(agents.branch == leads.branch[0])
            most = mine[np.argmin(agents.capacity[mine])]
            answer[leads.branch == leads.branch[0]] = most
        elif self.mistake == "branch":
            other = np.flatnonzero((agents.branch != leads.branch[0]) & (agents.capacity > 0))
            answer[0] = other[0] if len(other) else -1
        elif self.mistake == "twice":
            return np.concatenate([answer, answer])
        return answer


SAID = {
    "range": r"assignments must lie between -1 and 3; found 4 to 4",
    "capacity": r"gives \d+ leads to agent \d \((seniors|juniors) of branch \d\), who can take \d",
    "branch": r"gives a lead of branch \d to agent \d \((seniors|juniors) of branch \d\)",
    "twice": r"assignments must have shape \(\d+,\), not \(\d+,\)",
}


@pytest.mark.parametrize("mistake", SAID)
def test_a_wrong_answer_is_named_with_the_strategy_and_the_time(mistake: str) -> None:
    scenario = lively(small({"north": 300, "south": 200}))
    with pytest.raises(StrategyError, match=rf"^strategy 'Wrong' at 20\d\d-\d\d-\d\d \d\d:00: {SAID[mistake]}$"):
        run(scenario, served_by(Wrong(mistake)))


class Daily:
    """Looks at the pool every midnight, after everyone else."""

    phase, name, local = 9, "daily", False

    def __init__(self) -> None:
        self.kept: list[tuple[Any, Any]] = []

    def next(self, now: int) -> int:
        return -(-now // DAY) * DAY

    def act(self, world: World, now: int) -> None:
        in_hand = np.concatenate([world.extra[cases.IN_HAND], world.extra[cases.RECENT]])
        self.kept.append((world.extra[cases.GRADED].copy(), in_hand))


def watched(allocation: str, days: int = 80, **parameters: Any) -> tuple[World, Daily]:
    daily = Daily()
    scenario = lively(small({"north": 300, "south": 200}))
    return run(scenario, served_by(of(allocation, **parameters)), days=days, observers=[daily]), daily


def test_leads_that_nobody_takes_wait_in_the_order_in_which_they_asked() -> None:
    """Whatever their grades are: another grading may rank them otherwise."""
    world = run(lively(small(300), patience="60d"), served_by(NobodyAnswers()), days=40)
    asked = world.extra["leads"]["asked"]
    assert len(asked) > 20
    assert np.all(np.diff(asked) >= 0)


def test_leads_are_conserved_by_grade_every_day() -> None:
    """Taken = won + lost + in hand, by branch and grade; in all, taken is what the desk granted."""
    world, daily = watched("random_agent")
    assert len(daily.kept) >= 80
    branch = world.state.customers["branch"].astype(np.int64)
    for graded, in_hand in daily.kept:
        open_cases = np.zeros(graded.shape[:2], np.int64)
        np.add.at(open_cases, (branch[in_hand["customer"]], in_hand["grade"]), 1)
        over = graded[..., cases.WON] + graded[..., cases.LOST]
        assert np.array_equal(graded[..., cases.TAKEN], over + open_cases)
    last = world.extra[cases.GRADED]
    assert last[..., cases.TAKEN].sum() == world.extra["desk"][:, MEASURE["granted"]].sum()
    assert last.sum(axis=0).min() > 0, "not every grade is won and lost"


def test_what_is_known_of_the_staff_is_what_became_of_their_leads() -> None:
    world, _ = watched("random_agent")
    of_world = staff(world.scenario, world.streams, world.branches, world.started_with)
    graded, seen = world.extra[cases.GRADED], world.extra[SEEN]
    early = np.bincount(world.extra[cases.WON_EARLY]["grade"], minlength=4)
    concluded = graded[..., (cases.WON, cases.LOST)].sum(axis=(0, 2))
    assert np.array_equal(seen[..., 0].sum(axis=0) + early, concluded)
    assert np.array_equal(seen[..., 1].sum(axis=0) + early, graded[..., cases.WON].sum(axis=0))
    in_hand = np.concatenate([world.extra[cases.IN_HAND], world.extra[cases.RECENT]])
    by_row = [np.count_nonzero(in_hand["agent"] == key) for key in of_world.key]
    assert world.extra[LOAD].tolist() == by_row
    assert np.all(world.extra[LAST] > 70 * DAY)


def test_a_lead_is_won_by_a_policy_after_it_and_lost_without_one_in_time() -> None:
    cases_of = np.zeros(5, cases.CASE)
    cases_of["customer"], cases_of["handed"] = [0, 1, 2, 3, 4], np.array([5, 5, 5, 18, 5]) * DAY
    world = run(small(10), days=1)
    team = staff(world.scenario, world.streams, world.branches, world.started_with)
    cases_of["agent"] = team.key[1]
    kept: dict[str, Any] = team.kept() | cases.none(1)
    kept[cases.IN_HAND] = cases_of
    kept[LOAD][1] = 5
    latest = np.array([9 * DAY, 4 * DAY, -1, -1, -1])
    cases.review(kept, team, lambda customers: latest[customers], np.zeros(5, np.int64), 20 * DAY, 14 * DAY)
    assert kept[cases.GRADED][0, 0].tolist() == [0, 1, 3]
    assert kept[cases.IN_HAND]["customer"].tolist() == [3]
    assert kept[LOAD].tolist()[:2] == [0, 1]


def test_wins_are_not_learned_of_before_losses_of_leads_as_old() -> None:
    """Of all leads a quarter is won, a day or up to a month after they were taken: no review shows a higher rate."""
    world = run(small(10), days=1)
    team = staff(world.scenario, world.streams, world.branches, world.started_with)
    luck, chance, within = np.random.default_rng(9), 0.25, 30
    handed = np.sort(luck.integers(0, 70 * DAY, 20_000))
    bought = np.where(luck.random(len(handed)) < chance, handed + luck.uniform(1, within, len(handed)) * DAY, -1)
    kept: dict[str, Any] = team.kept() | cases.none(1) | nothing_passed(1)
    counted = 0
    for day in range(7, 120, 7):
        now, taken = day * DAY, np.flatnonzero((handed >= (day - 7) * DAY) & (handed < day * DAY))
        new = np.zeros(len(taken), cases.CASE)
        new["customer"], new["handed"], new["agent"], new["luck"] = taken, handed[taken], team.key[0], taken + 1
        kept[cases.RECENT] = new

        def latest(customers: Any, now: int = now) -> Any:
            return np.where(bought[customers] <= now, bought[customers], -1)

        cases.review(kept, team, latest, np.zeros(len(handed), np.int64), now, within * DAY)
        seen, won = kept[SEEN][0, 0]
        assert seen == np.count_nonzero(handed + within * DAY <= now)
        of_past = kept[cases.PAST]["won"]
        for wins, n in ((won, seen), (of_past.sum(), len(of_past))):
            # 4.9 standard deviations: a false failure of 1e-6.
            assert n == 0 or abs(wins / n - chance) < 4.9 * np.sqrt(chance * (1 - chance) / n)
            counted += n > 100
    assert counted > 20 and seen == len(handed) and won == np.count_nonzero(bought > 0)
    assert kept[PASSAGE][..., CONVERTED].sum() == won == kept[PASSAGE][..., POLICIES].sum()


def test_a_national_desk_serves_every_branch() -> None:
    world = run(lively(small({"north": 200, "south": 200}), scope="national"), served_by(of("fill_seats")))
    assert world.extra["desk"][:, MEASURE["granted"]].min() > 20


LOOKED_AT: list[Any] = []


@dataclass(frozen=True)
class Spy:
    """Writes down true values and stages."""

    oracle = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        LOOKED_AT.append(np.stack([leads.true_value, leads.true_stage]))
        return np.full(len(leads), -1)


def test_an_oracle_sees_the_decisions_that_a_conversation_adds() -> None:
    """Only those are worth something in whose stage the content lifts a hazard, and some more than others."""
    scenario = lively(small(400))
    data = described(scenario)
    data["contents"]["advice"] |= {"lifts": {"FIRST_PURCHASE.decide": 2.0}, "fit": {}, "aim": None}
    LOOKED_AT.clear()
    run(scenario.replace(contents=data["contents"]), Practice(allocation=Spy()))
    value, stage = np.concatenate(LOOKED_AT, axis=1)
    assert np.array_equal(value > 0, stage == 1)
    assert np.count_nonzero(value) > 20
    assert value[value > 0].std() > 0


@dataclass(frozen=True)
class Peeks:
    """Asks for what only an oracle sees."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        return np.argsort(leads.true_value)


def test_what_is_true_is_hidden_from_those_who_are_no_oracles() -> None:
    with pytest.raises(StrategyError, match="'true_value' cannot be observed"):
        run(lively(small(200)), served_by(Peeks()))


# Agents in the pool


def with_agents(scenario: Scenario, willing: str = "100%", **changes: Any) -> Scenario:
    """The scenario with a dozen agents in each branch and no seats."""
    team = team_described(**changes)
    team["tiers"] = {name: tier | {"per_10k": 200, "willing": willing} for name, tier in team["tiers"].items()}
    team["tiers"]["junior_agents"] = team["tiers"]["junior_agents"] | {"skill": {"health": 0.1, "wealth": 0.1}}
    team["tiers"]["senior_agents"] = team["tiers"]["senior_agents"] | {"skill": {"protection": 0.4, "wealth": 0.4}}
    desk = described(scenario)["desk"]
    desk["seats"] = {name: seats | {"per_10k": 0} for name, seats in desk["seats"].items()}
    return scenario.replace(desk=desk, workforce=team)


def of_agents(world: World) -> Any:
    """Cases that were taken, by agent and time."""
    return np.concatenate([world.extra[cases.IN_HAND], world.extra[cases.RECENT]])


def test_agents_take_leads_while_they_are_there_and_on_duty() -> None:
    scenario = with_agents(lively(small(300), follow_up="200d"))
    world = run(scenario, served_by(of("load_balanced")))
    team = staff(scenario, world.streams, world.branches, world.started_with)
    assert team.agents is not None
    taken = of_agents(world)
    assert len(taken) > 100
    place = {key: k for k, key in enumerate(team.agents.key.tolist())}
    rows = np.array([place[key] for key in taken["agent"].tolist()])
    assert np.all((team.agents.since[rows] <= taken["handed"]) & (taken["handed"] < team.agents.until[rows]))
    hour = taken["handed"] % DAY // 3_600
    assert hour.min() >= 9 and hour.max() <= 17
    assert len(np.unique(rows)) > 8


def test_agents_ignore_leads_of_their_own_will() -> None:
    taken = []
    for willing in ("100%", "10%"):
        scenario = with_agents(lively(small(300), follow_up="200d"), willing)
        taken.append(len(of_agents(run(scenario, served_by(of("load_balanced"))))))
    assert 0 < taken[1] < 0.7 * taken[0]


def test_a_customer_belongs_to_the_agent_who_has_the_lead_in_hand() -> None:
    scenario = with_agents(lively(small(150), follow_up="200d"))
    several, same = [], []
    for name in ("owner_keeps", "random_agent"):
        taken = of_agents(
            run(scenario, served_by(of(name, **({"patience_hours": 100.0} if name == "owner_keeps" else {}))))
        )
        agents = [np.unique(taken["agent"][taken["customer"] == each]) for each in np.unique(taken["customer"])]
        leads = np.array([np.count_nonzero(taken["customer"] == each) for each in np.unique(taken["customer"])])
        more = leads > 1
        several.append(np.count_nonzero(more))
        same.append(np.mean(np.array([len(each) for each in agents])[more] == 1))
    assert min(several) > 20
    assert same[0] > 0.7 > same[1] + 0.2


def test_a_customer_belongs_to_the_serving_agent_before_anybody_has_a_lead_in_hand() -> None:
    """Nobody leaves, and patience has no end: every lead of a policyholder goes to whoever serves the customer."""
    turnover = TURNOVER | {"retained_13_months": "100%", "veterans_leave": "0/y"}
    scenario = with_agents(lively(small(300), follow_up="200d", patience="60d"), turnover=turnover)
    served, begun = np.zeros(0, np.int32), False

    class Book:
        phase, name, local = 9, "book", False

        def next(self, now: int) -> int | None:
            return None if begun else now

        def act(self, world: World, now: int) -> None:
            nonlocal served, begun
            served, begun = world.extra[SERVING].copy(), True

    world = run(scenario, served_by(of("owner_keeps", patience_hours=10_000.0)), observers=[Book()])
    taken = of_agents(world)
    mine = taken[taken["customer"] < len(served)]
    mine = mine[served[mine["customer"]] >= 0]
    key = staff(scenario, world.streams, world.branches, world.started_with).key
    assert len(mine) > 20
    assert np.array_equal(mine["agent"], key[served[mine["customer"]]])


def test_who_takes_no_leads_or_is_not_there_owns_none() -> None:
    scenario = with_agents(small(300))
    workforce = described(scenario)["workforce"]
    workforce["tiers"]["specialists"] = workforce["tiers"]["senior_agents"] | {"slots": 0}
    scenario = scenario.replace(workforce=workforce)
    world = run(scenario, days=1)
    team = staff(scenario, world.streams, world.branches, world.started_with)
    rows = team.present(0)
    idle = team.tier[rows] == team.tiers.index("specialists")
    assert 0 < np.count_nonzero(idle) < len(rows)
    places = np.where(idle, -1, np.arange(len(rows)))
    assert np.array_equal(owners(team, rows, np.arange(len(rows)), rows), places)
    assert owners(team, rows, np.arange(3), rows[1:]).tolist() == [-1, 0, 1], "the first is not there"
    assert owners(team, np.array([-1, rows[0]]), np.array([0, 1, 700]), rows).tolist() == [-1, 0, -1]


def test_what_two_make_of_each_other_is_in_the_conversation() -> None:
    """Skill of the calls of one slot, with affinity and without: the difference is that of the pair."""
    scenario = with_agents(lively(small(200)), affinity=0.5)
    world = run(scenario, days=30)
    desk = Desk(scenario, served_by(of("random_agent")), world)
    now = 30 * DAY + 10 * 3_600
    calls = desk.hours.calls_now(now)
    shift = Shift(desk.staff, world.extra, now, calls, desk.hours.works(now))
    taken = np.zeros(5, LEAD)
    taken["customer"] = np.arange(5)
    given = np.array([3, 5, 7, 4, 6])
    skill = desk.rounds.skill(taken, given, shift)
    keys = world.state.customers["key"][taken["customer"]]
    assert scenario.workforce is not None
    expected = affinity(scenario.workforce, world.streams, keys, desk.staff.key[shift.rows[given]])
    assert np.abs(expected).min() > 0
    assert np.allclose(skill - shift["skill"][given], expected)


def test_the_shipped_comparison_of_allocations_runs_with_all_its_arms() -> None:
    """A short run of one replication: every arm serves leads, and none fails."""
    scenario = lifesim.load("allocation", root=REPO).replace(
        warm_up="10d", horizon="20d", population={"branches": {"north": 8_000}, "segments": {"mainstream": 1.0}},
        experiment={"replications": 1, "seed": 1},
    )  # fmt: skip
    result = lifesim.compare(scenario, workers=1)
    assert result.failures == []
    desks = result.tables["desks"]
    granted = desks[desks["measure"] == "granted"].set_index("arm")["value"]
    assert set(granted.index) == set(scenario.arms)
    assert granted.min() > 20


def test_the_shipped_comparison_of_allocations_has_more_leads_than_slots() -> None:
    """Of every grade, so that it matters who gets which: agents and seats use their slots, and the rest waits."""
    scenario = lifesim.load("allocation", root=REPO)
    few = {name: scenario.arms[name].model_dump(mode="json") for name in ("control", "oracle")}
    result = lifesim.compare(
        scenario.replace(
            warm_up="14d", horizon="35d", population={"branches": {"north": 8_000}, "segments": {"mainstream": 1.0}},
            arms=few, experiment={"replications": 1, "seed": 1},
        ),
        workers=1,
    )  # fmt: skip
    metrics = result.tables["agent_metrics"]
    everywhere = metrics[(metrics["branch"] == "all") & (metrics["tier"] == "all")]
    values = everywhere.set_index(["metric", "arm"])["mean"]
    for arm in few:
        assert values["utilisation", arm] > 0.8
        assert values["overflow", arm] > 0.2
        assert 0 < values["service_level", arm] < 0.9
    leads = result.tables["leads"]
    assert set(leads.loc[(leads["measure"] == "created") & (leads["value"] > 0), "grade"]) >= set("ABCD")


def test_the_contract_kit_has_agents_where_the_scenario_has() -> None:
    stage = Stage(lifesim.load("allocation", root=REPO))
    (question, *_) = stage.questions("allocation", "tiered", oracle=False)
    assert question.others[0].tiers == ("seniors", "juniors", "partners", "newcomers")
    assert set(question.others[0].columns["tier"].tolist()) == {0, 1, 2, 3}


def test_owners_are_looked_up_for_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer than all else in a slot, and most allocations do not need it."""
    asked: list[int] = []
    real = cases.owners

    def counting(*given: Any) -> Any:
        asked.append(1)
        return real(*given)

    monkeypatch.setattr(cases, "owners", counting)
    scenario = lively(small({"north": 100, "south": 100}))
    run(scenario, served_by(of("random_agent")), days=20)
    assert asked == []
    run(scenario, served_by(of("owner_keeps")), days=20)
    assert asked
