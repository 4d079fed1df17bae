"""Agents: how long they stay, whose luck is whose, what they can take, and what is refused about them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import REPO
from scipy import stats
from teams import JUNIORS, SENIORS, TURNOVER, described, team

from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY
from lifesim.scenario import load
from lifesim.scenario.facts import load_facts
from lifesim.scenario.workforce import RECRUIT_SECONDS
from lifesim.streams import Streams
from lifesim.workforce.agents import NEVER_LEAVES, Agents, affinity, agents, leaves_after, on_duty, room, skill_now

HOUR = 3_600
WORKDAY, REST_DAY = (True, True), (False, False)
BRANCHES = {0: "north", 1: "south"}


def of(workforce: Any, *, seed: int = 1, sizes: tuple[int, ...] = (20_000, 10_000), days: int = 1_500) -> Agents:
    branches = {k: BRANCHES[k] for k in range(len(sizes))}
    return agents(workforce, Streams(seed, 0), branches, dict(enumerate(sizes)), days * DAY)


def rows(found: Agents) -> dict[int, tuple[Any, ...]]:
    """All that is known of every agent, by key."""
    columns = [getattr(found, field.name).tolist() for field in fields(found)]
    return {values[0]: tuple(map(str, values)) for values in zip(*columns, strict=True)}


def only(tier: dict[str, Any], **turnover: Any) -> Any:
    return team(tiers={"one": tier}, turnover=TURNOVER | turnover)


@pytest.mark.analytic
def test_recruits_stay_13_months_as_the_facts_say() -> None:
    """Recruits who started early enough to be followed for 13 months."""
    fact = load_facts()["agents.china_13_month_agent_retention"].value
    assert isinstance(fact, float)
    workforce = only(JUNIORS | {"per_10k": 10_000}, retained_13_months=fact, refilled="100%")
    found = of(workforce, sizes=(40_000,), days=1_500)
    seen = (found.joined > 0) & (found.joined + RECRUIT_SECONDS < 1_500 * DAY)
    stayed = (found.until - found.joined)[seen] >= RECRUIT_SECONDS
    check_shares(stayed.sum(), len(stayed), fact, catches=0.02)


@pytest.mark.analytic
def test_veterans_leave_slowly() -> None:
    """Of those past 13 months at the start, exp(-0.02 x 12) stay the year."""
    found = of(only(SENIORS | {"per_10k": 10_000}), sizes=(50_000,), days=400)
    veterans = (found.since == 0) & (-found.joined >= RECRUIT_SECONDS)
    stayed = found.until[veterans] > 365 * DAY
    check_shares(stayed.sum(), len(stayed), np.exp(-0.24), catches=0.03)


@pytest.mark.analytic
def test_hazard_summed_until_an_agent_leaves_is_the_threshold() -> None:
    turnover = team().turnover
    served = np.array([0.0, 0.0, 200 * DAY, 395 * DAY, 2_000 * DAY])
    threshold = np.array([0.2, 2.5, 1.0, 0.5, 0.7])
    left = leaves_after(turnover, served, threshold)
    recruit, veteran = -np.log(0.302) / RECRUIT_SECONDS, 0.02 * 12 / (365 * DAY)

    def hazard(tenure: Any) -> Any:
        return recruit * np.minimum(tenure, RECRUIT_SECONDS) + veteran * np.maximum(tenure - RECRUIT_SECONDS, 0)

    assert np.allclose(hazard(served + left) - hazard(served), threshold, rtol=1e-6)


def test_without_reasons_to_leave_nobody_does() -> None:
    found = of(only(SENIORS, retained_13_months="100%", veterans_leave="0/y"))
    assert len(found) == 12
    assert found.until.min() == NEVER_LEAVES // 2


def test_places_are_filled_one_after_the_other() -> None:
    found = of(team())
    assert len(found) > 2 * np.count_nonzero(found.since == 0)
    for k in np.flatnonzero((found.place[1:] == found.place[:-1]) & (np.diff(found.tier) == 0)):
        if found.branch[k] == found.branch[k + 1]:
            assert found.since[k + 1] > found.until[k]
    assert np.all(found.joined[found.since > 0] == found.since[found.since > 0])
    starts = np.unique(found.place[(found.tier == 1) & (found.branch == 0)])
    assert len(starts) == 16
    assert len(found.present(0)) == 12 + 24


def test_places_that_stay_vacant_are_few_or_many() -> None:
    nobody = of(only(JUNIORS, refilled="0%"))
    assert nobody.since.max() == 0
    assert len(nobody.present(1_400 * DAY)) < len(nobody.present(0)) / 2


def test_another_agent_tier_or_branch_changes_nobody() -> None:
    before = rows(of(team()))
    more = described()
    more["tiers"] = {
        "senior_agents": SENIORS | {"per_10k": 5}, "junior_agents": JUNIORS, "rookies": JUNIORS,
    }  # fmt: skip
    after = rows(of(team(**more)))
    assert len(after) > len(before)
    assert {key: after[key] for key in before} == before
    north = rows(of(team(), sizes=(20_000,)))
    assert north == {key: before[key] for key in north}


def test_regions_are_shared_out_by_the_agents_own_luck() -> None:
    tier = JUNIORS | {"per_10k": 10_000, "regions": {"city": "70%", "county": "30%"}}
    found = of(only(tier), sizes=(50_000,), days=1)
    check_shares((found.region == 0).sum(), len(found), 0.7, catches=0.03)
    assert set(of(team()).region) == {-1}


def test_own_skill_and_the_skill_of_recruits() -> None:
    workforce = only(SENIORS, recruit_skill=-0.3)
    found = of(workforce)
    own = found.skill[:, 0] - 0.3
    assert np.allclose(found.skill - own[:, None], [0.3, 0.3, 0.4])
    assert 0.05 < own.std() < 0.2
    assert np.all(np.isneginf(of(team()).skill[of(team()).tier == 1][:, 2])), "juniors may not advise on wealth"
    now = 600 * DAY
    late = skill_now(workforce.turnover, found, now) - found.skill
    assert np.array_equal(late[:, 0] < 0, now - found.joined < RECRUIT_SECONDS)
    assert set(np.round(late.ravel(), 9)) == {0.0, -0.3}


@pytest.mark.analytic
def test_affinity_belongs_to_the_pair_and_lasts() -> None:
    workforce, streams = team(), Streams(5, 0)
    customers = np.repeat(np.arange(1, 201, dtype=np.uint64), 200)
    of_agents = np.tile(np.arange(7_000, 7_200, dtype=np.uint64), 200)
    found = affinity(workforce, streams, customers, of_agents)
    assert np.array_equal(affinity(workforce, streams, customers[::-1], of_agents[::-1]), found[::-1])
    # Chi-square of the sum of squares of 40,000 normals; catches a wrong spread of 4%.
    low, high = (stats.chi2.ppf(tail, len(found)) for tail in (5e-7, 1 - 5e-7))
    assert low < (found**2).sum() / 0.2**2 < high
    table = found.reshape(200, 200)
    assert abs(table.mean(axis=0)).max() < 6 * 0.2 / np.sqrt(200)
    assert not np.any(affinity(team(affinity=0.0), streams, customers, of_agents))


def test_nobody_works_off_duty_and_a_day_holds_the_declared_leads() -> None:
    workforce = team()
    found = of(workforce, days=60)
    day = [room(workforce, HOUR, found, DAY + hour * HOUR, WORKDAY) for hour in range(24)]
    assert not np.any(day[:9]) and not np.any(day[18:])
    assert not np.any(room(workforce, HOUR, found, 6 * DAY + 10 * HOUR, REST_DAY))
    assert not np.any(on_duty(workforce, HOUR, found, DAY + 17 * HOUR + 1, WORKDAY)), "the slot ends after hours"
    times = [d * DAY + hour * HOUR for d in range(50) for hour in range(9, 18)]
    total = sum(room(workforce, HOUR, found, at, WORKDAY) for at in times)
    # A slot is a share of the 24 a day; spare parts carry over, so that 50 days differ by less than one lead a day.
    expected = np.where(found.tier == 0, 6 * 0.4, 9 * 0.8) * 50
    assert np.all(abs(total - expected) <= 50)
    assert abs(total.mean() - expected.mean()) < 0.03 * expected.mean()
    ahead = room(workforce, HOUR, found, DAY + 10 * HOUR, WORKDAY)[found.tier == 0]
    assert 0 < ahead.mean() < 1, "spare slots do not fall together"


TINY = """\
extends: markets/base.yaml
name: tiny
question: What is wrong with these agents?
start: 2026-01-05
warm_up: 10d
horizon: 30d
population: {size: 20_000, branches: {north: 90%, south: 10%}, segments: {mainstream: 100%}}
arms: {control: {}}
measure: {primary: first_purchase_rate}
workforce:
  turnover: {retained_13_months: {fact: agents.china_13_month_agent_retention}, veterans_leave: 0.02/month, refilled: 90%, vacant: 30d}
  departures: {follow: 20%, within: 60d, kept: 50%}
  tiers:
    experts: {per_10k: 5, skill: {protection: 0.2, health: 0.2, wealth: 0.2}, opens: "09:00", closes: "18:00", workdays: [1, 2], slots: 6, own_business: 60%, willing: 70%, tenure: 5y, wage: 6_000 CNY, commission: 50%}
"""  # noqa: E501

NEEDED = "no agent has skill in wealth, which product 'annuity' needs; add wealth to the skill of a tier"
NO_SLOT = "no agent has a slot for head-office leads; raise per_10k, slots or willing, or lower own_business"
NOBODY = "branch 'south' with 2,000 customers gets no agent who takes leads; raise per_10k, or population.size"
SKILLS = "skill: {protection: 0.2, health: 0.2, wealth: 0.2}"
RETAINED = "retained_13_months: {fact: agents.china_13_month_agent_retention}"

#: What is written, what stands there instead, and what is said of it.
WRONG = [
    (SKILLS, "skill: {protection: 0.2, health: 0.2}", f"13:3: workforce.tiers: {NEEDED}"),
    (SKILLS, "skill: {helth: 0.2}", "workforce.tiers.experts.skill.helth: 'helth' is unknown; did you mean 'health'?"),
    ("slots: 6", "slots: 0", f"13:3: workforce.tiers: {NO_SLOT}"),
    ("willing: 70%", "willing: 0%", f"13:3: workforce.tiers: {NO_SLOT}"),
    ("per_10k: 5", "per_10k: 2", f"13:3: workforce.tiers: {NOBODY}"),
    ("per_10k: 5", "per_10k: -5", "14:24: workforce.tiers.experts.per_10k: must not be negative"),
    ("per_10k: 5", "per_10k: 1e9", "14:24: workforce.tiers.experts.per_10k: must be 100,000 at most"),
    ("slots: 6", "slots: 1_000_000_000", "experts.slots: must be 10,000 at most"),
    ('closes: "18:00"', 'closes: "08:00"', "experts.closes: must be later than opens"),
    ('closes: "18:00"', 'closes: "09:30"', "experts.closes: leaves a working day shorter than the desk's slot"),
    ("workdays: [1, 2]", "workdays: [0]", "experts.workdays: takes days 1 (Monday) to 7 (Sunday)"),
    ("refilled: 90%", "refilled: 190%", "workforce.turnover.refilled:"),
    (RETAINED, "retained_13_months: 0%", "11:34: workforce.turnover.retained_13_months: must be above 0%; nobody"),
    ("tenure: 5y", "tenure: 5y, regions: {city: 60%, county: 30%}", "experts.regions: shares must sum to 100%"),
    ("    experts: {", "    juniors: {", "14:5: workforce.tiers.juniors: is the name of a group of seats too; choose"),
    ("workforce:\n", "desk: {scope: national}\nworkforce:\n", "10:15: desk.scope: must be branch where the branches"),
    (
        "workforce:\n",
        "workforce:\n  recycling: {cool_down: 7d, times: 0}\n",
        "11:37: workforce.recycling.times: must be 1",
    ),
    ("workforce:\n", "workforce:\n  affinity: -1\n", "11:13: workforce.affinity: must not be negative"),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG)
def test_what_is_wrong_with_a_workforce_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "tiny.yaml"
    assert TINY.count(old) == 1
    file.write_text(TINY.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load(file, root=REPO)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{file}:1")
    assert said in line


def test_a_right_workforce_takes_its_retention_from_the_facts(tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY, encoding="utf-8")
    workforce = load(file, root=REPO).workforce
    assert workforce is not None
    assert workforce.turnover.retained_13_months == 0.302
