"""Behaviour that is added from outside: in a scenario without code, by a mechanism, in a script."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import lifesim
from lifesim import workspace

CHECKOUT = Path(__file__).resolve().parents[1]

SCENARIO = """\
extends: markets/base.yaml
name: extended
question: What does an addition change?
start: 2026-01-05
warm_up: 30d
horizon: 180d
population:
  size: 1_500
  segments: {mainstream: 100%}
arms:
  control: {use: current_practice}
measure: {primary: losses_per_10k}
experiment: {replications: 1, seed: 5}
"""

ADDED = """\
segments:
  striving_youth: {{traits: {{optimism: {{mean: 1, sd: 1, low: -3, high: 3}}}}}}
  wealth_rising: {{traits: {{optimism: {{mean: 1, sd: 1, low: -3, high: 3}}}}}}
  mainstream: {{traits: {{optimism: {{mean: 1, sd: 1, low: -3, high: 3}}}}}}
behaviour:
  traits:
    optimism: {{meaning: taste for the bright side, unit: score, center: 0, scale: 1}}
  states:
    delight: {{meaning: pleasure in the app, half_life: 30d, baseline: 0, trait: optimism}}
  impulses:
    session: {{delight: 0.2}}
  transitions:
    HOLDING.needs_grow: {{depends: {{delight: {delight}, optimism: {optimism}}}}}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("extension") / "workspace"
    workspace.create(folder)
    workspace.unmount()
    yield folder
    workspace.unmount()


def tables(root: Path, more: str = "") -> dict[str, pd.DataFrame]:
    """Tables of a run of the scenario with something added."""
    file = root / "scenarios" / "extended.yaml"
    file.write_text(SCENARIO + more)
    return lifesim.compare(lifesim.load(file), workers=1, events="all").tables


def total(run: dict[str, pd.DataFrame], metric: str) -> int:
    rows = run["totals"]
    return int(rows.loc[(rows["metric"] == metric) & (rows["scope"] == "present"), "numerator"].sum())


def test_traits_states_and_coefficients_need_no_code(root: Path) -> None:
    plain = tables(root)
    unused = tables(root, ADDED.format(delight=0, optimism=0))
    used = tables(root, ADDED.format(delight=1.0, optimism=0.5))
    # What nothing depends on changes nothing, not even the last bit.
    for name in ("totals", "ledger", "events", "occupancy"):
        pd.testing.assert_frame_equal(plain[name], unused[name])
    last = used["occupancy"]["day"] == 180
    upsell = used["occupancy"]["stage"] == "RENEWAL_UPSELL"
    held = {name: int(run["occupancy"].loc[last & upsell, "customers"].sum()) for name, run in
            {"plain": plain, "used": used}.items()}  # fmt: skip
    assert held["used"] > 1.5 * held["plain"] > 0


def test_a_mechanism_is_named_in_the_scenario(root: Path) -> None:
    plain = tables(root)
    weak = tables(root, "mechanisms: [{financial_stress: {shocks_per_year: 0}}]\n")
    strong = tables(root, "mechanisms: [{financial_stress: {shocks_per_year: 4, severity: 2}}]\n")
    assert set(plain["events"]["kind"]) == set(weak["events"]["kind"])
    for name in ("totals", "ledger", "events", "occupancy"):
        pd.testing.assert_frame_equal(plain[name], weak[name])
    shocks = strong["events"][strong["events"]["kind"] == "mechanism"]
    assert len(shocks) > 100
    assert total(strong, "losses_per_10k") > 1.2 * total(plain, "losses_per_10k")


def test_the_mechanism_is_short() -> None:
    source = CHECKOUT / "strategies" / "mechanisms" / "financial_stress.py"
    assert len(source.read_text().splitlines()) < 60


def test_a_scenario_script_prints_its_table(root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(root / "scenarios" / "sweep_example.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["arm", "control", "effect", "95%", "interval"]
    rows = [line.split() for line in lines[1:]]
    assert len(rows) == 9
    touches = {row[1]: float(row[3]) for row in rows if row[0] == "touches_per_customer"}
    assert 0 < touches["within_2d"] < touches["within_7d"] < touches["within_30d"]
    assert list(tmp_path.iterdir()) == []
