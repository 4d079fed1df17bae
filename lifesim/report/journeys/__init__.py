"""Journeys for people to read: as lines in the terminal and as a drawing, with counts where there are any."""

from __future__ import annotations

from lifesim.report.journeys.counts import Counts, counts_of_run, read_counts
from lifesim.report.journeys.drawing import draw
from lifesim.report.journeys.terminal import lines, listing

__all__ = ["Counts", "counts_of_run", "draw", "lines", "listing", "read_counts"]
