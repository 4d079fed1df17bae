"""The script of the market: what happens to everyone at a date."""

from __future__ import annotations

from bisect import bisect_left

from lifesim.lifecycle.season import turns
from lifesim.scenario import Scenario
from lifesim.world.kernel import turn
from lifesim.world.world import World


class Script:
    """Lets an episode begin and end for everyone on its day, and not when each customer's hazards are due again."""

    phase, name, local = 0, "script", False

    def __init__(self, scenario: Scenario) -> None:
        self.turns = turns(scenario)

    def next(self, now: int) -> int | None:
        """The next day on which an episode begins or ends."""
        place = bisect_left(self.turns, now)
        return self.turns[place] if place < len(self.turns) else None

    def act(self, world: World, now: int) -> None:
        """Evaluate everyone's hazards anew."""
        turn(now, world.kernel_record)
