"""Allocations that answer wrongly: one line for each, with arm, strategy and world time, and the other arms go on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from small_worlds import FirstSeat, curious, described, small
from teams import JUNIORS, SENIORS
from teams import described as team_described

import lifesim
from lifesim.strategy import UNASSIGNED, Practice


@dataclass(frozen=True)
class Mistaken:
    """Answers wrongly as soon as it can, and until then that nobody gets anything."""

    how: str

    def assign(self, leads: Any, agents: Any, luck: Any) -> Any:
        return getattr(self, self.how)(leads, agents, np.full(len(leads), UNASSIGNED))

    def beyond(self, leads: Any, agents: Any, answer: Any) -> Any:
        return answer + 1 + len(agents)

    def below(self, leads: Any, agents: Any, answer: Any) -> Any:
        return answer - 1

    def off_duty(self, leads: Any, agents: Any, answer: Any) -> Any:
        return self.first(answer, agents.on_duty == 0)

    def full(self, leads: Any, agents: Any, answer: Any) -> Any:
        return self.first(answer, (agents.on_duty == 1) & (agents.capacity == 0) & (agents.branch == leads.branch[0]))

    def over_capacity(self, leads: Any, agents: Any, answer: Any) -> Any:
        mine = np.flatnonzero(leads.branch == leads.branch[0])
        able = np.flatnonzero((agents.branch == leads.branch[0]) & (agents.capacity > 0))
        most = able[agents.capacity[able] < len(mine)][:1]
        answer[mine] = most if len(most) else UNASSIGNED
        return answer

    def more_room(self, leads: Any, agents: Any, answer: Any) -> Any:
        capacity = agents.capacity
        capacity.setflags(write=True)
        answer = self.over_capacity(leads, agents, answer)
        capacity[:] = len(leads)
        return answer

    def branch(self, leads: Any, agents: Any, answer: Any) -> Any:
        return self.first(answer, (agents.capacity > 0) & (agents.branch != leads.branch[0]))

    def first(self, answer: Any, of: Any) -> Any:
        answer[:1] = np.append(np.flatnonzero(of), UNASSIGNED)[0]
        return answer

    def two_agents(self, leads: Any, agents: Any, answer: Any) -> Any:
        return np.repeat(answer, 2)

    def pairs(self, leads: Any, agents: Any, answer: Any) -> Any:
        return np.stack([answer, answer], axis=1)

    def too_few(self, leads: Any, agents: Any, answer: Any) -> Any:
        return answer[1:]

    def floats(self, leads: Any, agents: Any, answer: Any) -> Any:
        return answer.astype(float)

    def mask(self, leads: Any, agents: Any, answer: Any) -> Any:
        return answer > 0

    def names(self, leads: Any, agents: Any, answer: Any) -> Any:
        return ["nobody"] * len(leads)

    def unknown_group(self, leads: Any, agents: Any, answer: Any) -> Any:
        return np.where(agents.of_tiers(["partners"])[answer], answer, UNASSIGNED)

    def hidden(self, leads: Any, agents: Any, answer: Any) -> Any:
        return np.where(leads.true_value > 0, UNASSIGNED, answer)

    def raises(self, leads: Any, agents: Any, answer: Any) -> Any:
        raise RuntimeError("the model was not trained\nsecond line")


#: Each mistake, and what is said of it behind the strategy and the time.
SAID = {
    "beyond": r"assignments must lie between -1 and \d+; found (\d+) to \1",
    "below": r"assignments must lie between -1 and \d+; found -2 to -2",
    "off_duty": r"gives a lead to agent \d+ \(early of branch [01]\), who is off duty",
    "full": r"gives 1 leads to agent \d+ \(\w+ of branch [01]\), who can take 0",
    "over_capacity": r"gives \d+ leads to agent \d+ \(\w+ of branch [01]\), who can take [1-9]\d*",
    "more_room": r"gives \d+ leads to agent \d+ \(\w+ of branch [01]\), who can take [1-9]\d*",
    "branch": r"gives a lead of branch ([01]) to agent \d+ \(\w+ of branch (?!\1)[01]\)",
    "two_agents": r"assignments must have shape \(\d+,\), not \(\d+,\)",
    "pairs": r"assignments must have shape \((\d+),\), not \(\1, 2\)",
    "too_few": r"assignments must have shape \(\d+,\), not \(\d+,\)",
    "floats": "assignments must be integers, not float64",
    "mask": "assignments must be integers, not bool",
    "names": "assignments must be integers, not <U6",
    "unknown_group": "raised ValueError: unknown tier 'partners'; tiers here: seats, early, late",
    "hidden": "raised AttributeError: 'true_value' cannot be observed; known columns: .*",
    "raises": "raised RuntimeError: the model was not trained",
}


@cache
def ran() -> tuple[list[str], Any]:
    """Complaints and effects of an experiment with an arm for each mistake, and one without."""
    scenario = small({"north": 300, "south": 200}, warm_up="1d", horizon="21d")
    tiers = {"early": SENIORS | {"closes": "12:00", "per_10k": 150}, "late": JUNIORS | {"per_10k": 150}}
    tiers["late"] |= {"skill": dict.fromkeys(("protection", "health", "wealth"), 0.0)}
    seats = {"seats": {"per_10k": 50, "calls_per_hour": 1, "skill": 0.0}}
    scenario = scenario.replace(
        behaviour=curious(scenario, inquiry=1.0), workforce=team_described(tiers=tiers),
        desk=described(scenario)["desk"] | {"seats": seats, "patience": "10d"},
    )  # fmt: skip
    arms = {"control": Practice(), "sound": Practice(allocation=FirstSeat())}
    result = lifesim.compare(scenario, arms | {how: Practice(allocation=Mistaken(how)) for how in SAID}, workers=1)
    return result.failures, result


@pytest.mark.parametrize("how", SAID)
def test_a_wrong_answer_costs_its_own_arm_and_is_told_in_one_line(how: str) -> None:
    (line,) = [each for each in ran()[0] if each.startswith(f"arm '{how}' ")]
    where = rf"arm '{how}' failed in 1 of 1 units of work; first in replication 0, north, south"
    assert re.fullmatch(rf"{where}: strategy 'Mistaken' at 20\d\d-\d\d-\d\d \d\d:\d\d: {SAID[how]}", line), line


def test_the_other_arms_go_on() -> None:
    failures, result = ran()
    assert len(failures) == len(SAID)
    assert set(result.effects["arm"]) == {"sound"}
    assert set(result.tables["agents"]["arm"]) == {"control", "sound"}
