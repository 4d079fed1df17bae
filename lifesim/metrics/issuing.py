"""Metrics of applications and what comes of them: underwriting, policies that are not given back."""

from __future__ import annotations

from typing import Any

from lifesim.metrics.metric import MOVES, MOVES_ZH, Metric, outcome, per_10k
from lifesim.population.accounts import Accounts


def _kept(o: Any, accounts: Accounts) -> Any:
    return o["purchases"] - o["returned"]


ISSUING = (
    per_10k("kept_policies_per_10k", "New policies net of cooling-off per 10,000", "每万客户净承保件数", "count", "件",
            "higher", ("policies issued, less those given back in the cooling-off period",
                       "承保件数减去犹豫期退保件数"), _kept, 1.0),
    Metric(
        "acceptance_rate", "Underwriting pass rate", "核保通过率", "share", "比例", "neither",
        "of these applications, those issued, with a loading or an exclusion too",
        "applications that came to an end: issued, declined, postponed, withdrawn, or given up at the health "
        f"declaration{MOVES}",
        "其中承保件数（含加费、除外承保）", f"已有结论的投保件数（含拒保、延期、撤单与健康告知未通过）{MOVES_ZH}",
        1.0, outcome("accepted"), outcome("decided"), "ratio",
    ),
)  # fmt: skip
