"""The customers of the start are made of decisions that know nothing of each other."""

from __future__ import annotations

import numpy as np
from chance import FALSE_FAILURE, MISSED
from quiet_world import base, described
from scipy import stats

from lifesim.population.columns import DAY
from lifesim.population.synthesis import synthesise
from lifesim.streams import Streams

N = 20_000


def test_time_in_the_stage_says_nothing_about_when_a_prospect_came() -> None:
    """Correlation of both among prospects who decide; catches one of 0.06."""
    scenario = base().replace(**described(N, 30, "FIRST_PURCHASE"))
    people = synthesise(scenario, Streams(5, 0), "main", N)
    long_known = people.joined < -20 * DAY  # the others entered the stage after they came, which binds both
    n = np.count_nonzero(long_known)
    assert n > 0.95 * N
    assert len(np.unique(people.stage_since[long_known])) > 0.95 * n
    found = np.corrcoef(people.joined[long_known], people.stage_since[long_known])[0, 1]
    bound = stats.norm.isf(FALSE_FAILURE / 2) / np.sqrt(n)
    assert bound + stats.norm.isf(MISSED) / np.sqrt(n) <= 0.06
    assert abs(found) <= bound
