"""What is measured: named ratios over customers, with unit, window and direction of better."""

from __future__ import annotations

from lifesim.metrics.catalogue import METRICS, described
from lifesim.metrics.metric import Metric
from lifesim.metrics.totals import totals

__all__ = ["METRICS", "Metric", "described", "totals"]
