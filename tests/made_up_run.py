"""A made-up run for the tests of the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

HOSTILE = '<script>alert(1)</script>"\'{0}$x$ --> id="q" [red]\x1b[31m\u202e'
STAGES = ["AWARENESS", "FIRST_PURCHASE", "HOLDING", "RENEWAL_UPSELL", "CHURN_WARNING", "LOST"]


def described(en: str, zh: str, unit: str, unit_zh: str, better: str) -> dict[str, str]:
    return {
        "label_en": en, "label_zh": zh, "unit": unit, "unit_zh": unit_zh, "better": better,
        "numerator": f"{en}: counted", "denominator": "customers at the fork", "window": "horizon",
    }  # fmt: skip


METRICS = {
    "ape_per_10k": described("New annualised premium per 10,000 customers", "每万客户年化新保", "CNY", "元", "higher"),
    "first_purchase_rate": described("First purchase rate", "首次投保率", "share", "比率", "higher"),
    "complaints_per_10k": described(
        "Complaints to the insurer", "客服投诉", "per 10,000 customers", "件/万客户", "lower"
    ),
    "opt_out_rate": described("Opt-out rate", "退订率", "share", "比率", "lower"),
    "sessions": described("App sessions per customer", "人均会话数", "count", "次", "neither"),
    "win_back": described("Customers won back, net", "净挽回客户数", "count", "人", "higher"),
}


def effect_row(name: str, segment: str, arm: str, base: float, effect: float, half: float) -> dict[str, Any]:
    known = base != 0
    return {
        "metric": name, "segment": segment, "arm": arm, "control": "control", "control_mean": base,
        "arm_mean": base + effect, "effect": effect, "low": effect - half, "high": effect + half,
        "relative": effect / base if known else None,
        "relative_low": (effect - half) / base if known else None,
        "relative_high": (effect + half) / base if known else None,
        "replications": 10, "differing": 10, "unseen_bound": 0.0005,
    }  # fmt: skip


def made_up_effects(arms: tuple[str, ...], segments: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for segment in segments:
        for place, arm in enumerate(arms):
            sign = -1 if place else 1
            rows += [
                effect_row("ape_per_10k", segment, arm, 1_234_567, sign * 45_678, 9_000),
                effect_row("first_purchase_rate", segment, arm, 0.0412, sign * 0.008, 0.003),
                effect_row("complaints_per_10k", segment, arm, 3.1, 2.2, 0.9),
                effect_row("opt_out_rate", segment, arm, 0.02, 0.001, 0.002),
                effect_row("sessions", segment, arm, 41.0, 1.5, 0.2),
                effect_row("win_back", segment, arm, 0.0, 1.0, 3.0),
            ]
    return pd.DataFrame(rows)


def made_up_occupancy(arms: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        (
            replication,
            branch,
            arm,
            "mainstream",
            day,
            stage,
            1000 * (6 - rank) + day * (arm != "control"),
        )
        for replication in range(2)
        for branch in range(2)
        for arm in arms
        for rank, stage in enumerate(STAGES)
        for day in range(0, 361, 30)
    ]
    columns = ["replication", "branch", "arm", "segment", "day", "stage", "customers"]
    return pd.DataFrame(rows, columns=columns)


def plug_in(name: str, four: str) -> dict[str, Any]:
    """A plug-in as a manifest describes it."""
    return {
        "kind": "orchestration", "name": name, "says": f"What {name} does.", "oracle": False, "hash": four * 16,
        "parameters": {"hour": {"value": "19", "set": True}, "share": {"value": "0.25", "set": False}},
    }  # fmt: skip


@dataclass
class FakeRun:
    path: Path
    manifest: dict[str, Any]
    tables: dict[str, pd.DataFrame]

    def table(self, name: str) -> pd.DataFrame:
        return self.tables[name]


def made_up_run(
    arms: tuple[str, ...] = ("journey", "weekly_campaign"),
    segments: tuple[str, ...] = ("all", "mainstream", "striving_youth", "wealth_rising"),
    name: str = "striving-youth",
) -> FakeRun:
    manifest: dict[str, Any] = {
        "scenario": {
            "name": name,
            "question": "Does the sign-in journey lift first purchase among striving youth?",
            "question_zh": "签到旅程是否提高奋斗青年的首次购买？",
            "start": "2026-01-05", "warm_up_days": 90, "horizon_days": 365, "size": 50_000,
            "control": "control", "arms": ["control", *arms], "primary": "first_purchase_rate",
            "guardrails": {"opt_out_rate": 0.005, "complaints_per_10k": 1.0, "nowhere": 2.0},
        },
        "replications": 10, "seed": 20260105, "lifesim": "0.1.0",
        "created": "2026-01-05T10:00:00+00:00", "seconds": 61.234, "failures": [],
        "metrics": METRICS, "stages": STAGES, "scenario_hash": "5ce7" * 16, "oracles": {},
        "plugins": {"orchestration/journey": "ab12" * 16, "orchestration/nobody_uses_it": "dead" * 16},
        "arms": {
            "control": {"use": "current_practice", "plugins": [plug_in("newsletter", "cd34")]},
            **{arm: {"use": None, "plugins": [plug_in("journey", "ab12")]} for arm in arms},
        },
        "mechanisms": [plug_in("stress", "ef56") | {"kind": "mechanisms"}],
        "segments": {"mainstream": 0.4, "striving_youth": 0.475, "wealth_rising": 0.125},
        "products": {"annuity": {"family": "wealth", "term": "long", "premium": 12000.0}},
    }  # fmt: skip
    effects = made_up_effects(arms, segments)
    tables = {
        "effects": effects,
        "effects_everyone": effects,
        "occupancy": made_up_occupancy(("control", *arms)),
    }
    return FakeRun(Path("unused"), manifest, tables)
