"""Paired effects: exact on hand data, the same in any row order, covering as often as claimed."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lifesim.errors import InputError
from lifesim.experiment.effects import COLUMNS, effects, to_records
from lifesim.experiment.intervals import mean_interval, ratio_interval, unseen_bound
from lifesim.report.readings import FEW_DIFFERING

Cell = tuple[int, int]
"""Numerator and denominator."""


def totals(arms: Mapping[str, Mapping[int, Cell]], metric: str = "rate", segment: str = "young") -> pd.DataFrame:
    """Totals of one metric in one segment and branch, by arm and replication."""
    rows = [
        (replication, "north", arm, segment, "present", metric, top, bottom)
        for arm, cells in arms.items()
        for replication, (top, bottom) in cells.items()
    ]
    return pd.DataFrame(
        rows,
        columns=[
            "replication",
            "branch",
            "arm",
            "segment",
            "scope",
            "metric",
            "numerator",
            "denominator",
        ],
    )


def series(values: list[int], bottom: int = 100) -> dict[int, Cell]:
    return {replication: (value, bottom) for replication, value in enumerate(values)}


def overall(table: pd.DataFrame, arm: str, metric: str = "rate") -> pd.Series:
    """The only row of an arm and metric over all segments."""
    chosen = table[(table["metric"] == metric) & (table["segment"] == "all") & (table["arm"] == arm)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def many(seed: int = 3) -> pd.DataFrame:
    """Totals with three arms, two metrics, three segments, two branches and four replications."""
    generator = np.random.default_rng(seed)
    rows = [
        (replication, branch, arm, segment, scope, metric, top, top + bottom)
        for replication in range(4)
        for branch in ("south", "north")
        for arm in ("current", "journey", "campaign")
        for segment in ("young", "wealthy", "mainstream")
        for scope in ("present", "everyone")
        for metric in ("premium", "rate")
        for top, bottom in [generator.integers(1, 1000, 2).tolist()]
    ]
    return (
        totals({})
        .reindex(range(len(rows)))
        .assign(**dict(zip(totals({}).columns, zip(*rows, strict=True), strict=True)))
    )


def test_interval_is_the_paired_t_interval_of_scipy() -> None:
    control, arm = [10, 12, 9, 14, 11], [13, 14, 13, 15, 15]
    table = effects(totals({"current": series(control), "new": series(arm)}), {"rate": 100.0}, "current")
    row = overall(table, "new")
    reference = stats.ttest_rel(arm, control)
    bounds = reference.confidence_interval(0.95)
    assert (row["control_mean"], row["arm_mean"]) == pytest.approx((11.2, 14.0), abs=1e-12)
    assert row["effect"] == pytest.approx(2.8, abs=1e-12)
    assert row["low"] == pytest.approx(bounds.low, abs=1e-10)
    assert row["high"] == pytest.approx(bounds.high, abs=1e-10)
    assert row["replications"] == 5


def test_level_changes_the_width_as_the_t_quantile_does() -> None:
    data = totals({"current": series([10, 12, 9]), "new": series([13, 14, 13])})
    widths = []
    for level in (0.8, 0.99):
        row = overall(effects(data, {"rate": 1.0}, "current", level=level), "new")
        widths.append(row["high"] - row["low"])
    assert widths[1] / widths[0] == pytest.approx(stats.t.ppf(0.995, 2) / stats.t.ppf(0.9, 2))


def test_relative_interval_by_hand() -> None:
    """Controls of one size leave the interval of the difference, divided by it."""
    table = effects(
        totals({"current": series([40, 40, 40], 1), "new": series([44, 46, 48], 1)}),
        {"rate": 1.0},
        "current",
    )
    row = overall(table, "new")
    reach = stats.t.ppf(0.975, 2) * 2 / math.sqrt(3) / 40
    assert row["relative"] == pytest.approx(0.15, abs=1e-15)
    assert row["relative_low"] == pytest.approx(0.15 - reach, abs=1e-12)
    assert row["relative_high"] == pytest.approx(0.15 + reach, abs=1e-12)


def test_relative_interval_is_missing_where_it_has_no_bounds() -> None:
    """Controls 10 and 30: their own interval is 20 ± 127, so the ratio may be anything."""
    row = overall(
        effects(totals({"current": series([10, 30], 1), "new": series([12, 34], 1)}), {"rate": 1.0}, "current"), "new"
    )
    assert row["relative"] == pytest.approx(0.15)
    assert row[["relative_low", "relative_high"]].isna().all()


def fieller(control: np.ndarray, difference: np.ndarray, level: float) -> tuple[float, float]:
    """Exact interval for a ratio of means of bivariate normal pairs (Fieller 1954)."""
    count = len(control)
    quantile = stats.t.ppf(0.5 + level / 2, count - 1) ** 2 / count
    (vc, cov), (_, vd) = np.cov(control, difference)
    a = control.mean() ** 2 - quantile * vc
    b = control.mean() * difference.mean() - quantile * cov
    c = difference.mean() ** 2 - quantile * vd
    root = math.sqrt(b * b - a * c)
    return (b - root) / a, (b + root) / a


@pytest.mark.parametrize("spread", [2_000, 30_000, 100_000])
def test_relative_interval_is_that_of_fieller(spread: float) -> None:
    generator = np.random.default_rng(11)
    control = generator.normal(100_000, spread, 12).round().astype(int)
    arm = (control * 1.05 + generator.normal(0, 900, 12)).round().astype(int)
    row = overall(
        effects(
            totals({"current": series(control.tolist()), "new": series(arm.tolist())}),
            {"rate": 1.0},
            "current",
        ),
        "new",
    )
    low, high = fieller(control / 100, (arm - control) / 100, 0.95)
    assert row["relative_low"] == pytest.approx(low, rel=1e-10)
    assert row["relative_high"] == pytest.approx(high, rel=1e-10)


def test_relative_and_absolute_interval_exclude_zero_together() -> None:
    """Small counts, where an interval by the delta method contradicts the absolute one in some rows of a hundred."""
    generator = np.random.default_rng(5)
    found = Counter[str]()
    for _ in range(4000):
        count = int(generator.integers(2, 11))
        control = generator.poisson(generator.uniform(1, 20), count).astype(float).tolist()
        shift = generator.poisson(generator.uniform(0, 4), count) - generator.poisson(1, count)
        differences = shift.astype(float).tolist()
        if not any(control):
            continue
        low, high = mean_interval(differences, 0.95)
        relative_low, relative_high = ratio_interval(control, differences, 0.95)
        if math.isnan(relative_low):
            assert math.isnan(relative_high)
            own = mean_interval(control, 0.95)
            assert own[0] <= 0 <= own[1]
            found["unbounded"] += 1
            continue
        assert (low <= 0 <= high) == (relative_low <= 0 <= relative_high), (control, differences)
        assert relative_low - 1e-12 <= sum(differences) / sum(control) <= relative_high + 1e-12
        found["clear" if low > 0 or high < 0 else "unclear"] += 1
        found["delta"] += (low <= 0 <= high) != delta_includes_zero(control, differences)
    assert min(found[kind] for kind in ("clear", "unclear", "unbounded", "delta")) > 30, found


def delta_includes_zero(control: list[float], differences: list[float]) -> bool:
    """Whether the interval of the delta method includes 0: what Fieller's is better than."""
    c, d = np.array(control), np.array(differences)
    ratio = d.mean() / c.mean()
    reach = stats.t.ppf(0.975, len(c) - 1) * (d - ratio * c).std(ddof=1) / math.sqrt(len(c)) / c.mean()
    return bool(abs(ratio) <= reach)


def test_differing_replications_are_counted() -> None:
    arms = {"current": series([1, 1, 1, 1, 1, 1]), "new": series([1, 2, 1, 1, 0, 1]), "twin": series([1] * 6)}
    table = effects(totals(arms), {"rate": 100.0}, "current")
    assert overall(table, "new")["differing"] == 2
    assert overall(table, "twin")["differing"] == 0


def test_what_was_not_seen_is_bounded_as_a_poisson_number() -> None:
    """Six replications of 100: exp(-mean) of 2.5% is reached at 3.69 events in 600, with a scale of 100."""
    arms = {"current": series([1] * 6), "new": series([1] * 6), "wide": dict.fromkeys(range(3), (2, 200))}
    table = effects(totals(arms), {"rate": 100.0}, "current")
    assert overall(table, "new")["unseen_bound"] == pytest.approx(100 * 3.6889 / 600, rel=1e-4)
    assert overall(table, "wide")["unseen_bound"] == pytest.approx(100 * 3.6889 / 600, rel=1e-4)
    mean = overall(table, "new")["unseen_bound"] / 100 * 600
    assert stats.poisson.cdf(0, mean) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("tops", "events", "clump"),
    [
        ([1, 0, 0, 0, 0, 0], 1, 1),
        ([1, 0, -1, 0, 1, 0], 3, 1),  # in either direction
        ([1, 1, 1, 1, 1, 1], 6, 1),  # no spread makes clumps smaller than an event
        ([30, 0, 0, 0, 0, 0], 1, 30),
    ],
)
def test_what_was_seen_raises_the_bound_of_what_was_not(tops: list[int], events: int, clump: int) -> None:
    """The mean that is bounded would leave 2.5% for so few events or fewer (Garwood's exact limit)."""
    arms = {"current": series([5] * 6), "new": series([5 + top for top in tops])}
    mean = overall(effects(totals(arms), {"rate": 100.0}, "current"), "new")["unseen_bound"] / 100 * 600
    assert stats.poisson.cdf(events, mean / clump) == pytest.approx(0.025)


def test_harm_beyond_a_guardrail_is_seldom_called_respected() -> None:
    """Rare harm of the mean of the limit, or a little more: 2.5% of the experiments may miss it.

    1,000 experiments of 10 replications and 4 events; at a false-failure rate of 1e-6 no more than 53 are respected,
    and 90 would be if what was seen did not raise the bound.
    """
    generator = np.random.default_rng(4)
    respected = 0
    for tops in generator.poisson(0.4, (1000, 10)).tolist():
        most = max(mean_interval([10.0 * top for top in tops], 0.95)[1], unseen_bound(1_000.0, tops, 1_000, 0.95))
        respected += sum(top > 0 for top in tops) < FEW_DIFFERING and most < 4.0
    assert respected <= stats.binom.ppf(1 - 1e-6, 1000, 0.025)


def test_both_intervals_cover_as_often_as_they_say() -> None:
    """1,200 experiments of 6 replications with a true effect of 5 % on a control of 100.

    The number of intervals that cover is binomial(1200, 0.95). The bounds are its two-sided limits
    at a false-failure rate of 1e-6 a check. An interval with normal instead of t quantiles
    (coverage 0.89 at 5 degrees of freedom) and an unpaired one (coverage 1) must fall outside.
    """
    experiments, replications = 1200, 6
    generator = np.random.default_rng(2024)
    shared = generator.normal(1_000_000, 60_000, (experiments, replications))
    own = generator.normal(0, 10_000, (experiments, replications))
    control = shared.round().astype(int)
    arm = (shared * 1.05 + own).round().astype(int)
    frames = [
        totals(
            {"current": series(control[i].tolist()), "new": series(arm[i].tolist())},
            metric=f"m{i}",
        )
        for i in range(experiments)
    ]
    scales = {f"m{i}": 0.01 for i in range(experiments)}
    table = effects(pd.concat(frames), scales, "current")
    table = table[table["segment"] == "all"]
    least = stats.binom.ppf(5e-7, experiments, 0.95)
    most = stats.binom.isf(5e-7, experiments, 0.95)
    absolute = ((table["low"] <= 5.0) & (table["high"] >= 5.0)).sum()
    relative = ((table["relative_low"] <= 0.05) & (table["relative_high"] >= 0.05)).sum()
    assert least <= absolute <= most
    assert least <= relative <= most
    # What the bounds are able to catch, from the same data.
    unpaired = np.sqrt(control.var(1, ddof=1) + arm.var(1, ddof=1)) / math.sqrt(replications) / 1e4
    wide = abs(table["effect"].to_numpy() - 5.0) <= stats.t.ppf(0.975, 10) * unpaired
    normal = (table["high"] - table["effect"]) * stats.norm.ppf(0.975) / stats.t.ppf(0.975, 5)
    narrow = abs(table["effect"] - 5.0) <= normal
    assert wide.sum() > most
    assert narrow.sum() < least


def test_identical_arms_differ_by_exactly_zero() -> None:
    data = many()
    twin = data[data["arm"] == "current"].assign(arm="twin")
    table = effects(pd.concat([data, twin]), {"rate": 0.3, "premium": -0.7}, "current")
    twins = table[table["arm"] == "twin"]
    assert len(twins) == 8
    for column in ("effect", "low", "high", "relative", "relative_low", "relative_high"):
        assert [str(value) for value in twins[column]] == ["0.0"] * 8, column  # no -0.0 either


def test_row_order_changes_no_bit() -> None:
    data = many()
    scales = {"rate": 1e4 / 3, "premium": 0.01}
    before = effects(data, scales, "current").set_index(["metric", "segment", "arm"])
    for seed in range(5):
        shuffled = data.sample(frac=1.0, random_state=seed)
        after = effects(shuffled, scales, "current").set_index(["metric", "segment", "arm"])
        pd.testing.assert_frame_equal(after.loc[before.index], before, check_exact=True)


def test_order_of_rows_and_columns() -> None:
    table = effects(many(), {"rate": 1.0, "premium": 1.0}, "journey")
    assert tuple(table.columns) == COLUMNS
    assert list(table["metric"]) == ["rate"] * 8 + ["premium"] * 8
    assert list(table["segment"][:8:2]) == ["all", "mainstream", "wealthy", "young"]
    assert list(table["arm"]) == ["current", "campaign"] * 8
    assert set(table["control"]) == {"journey"}


def test_all_is_the_ratio_of_sums_over_segments_and_branches() -> None:
    data = many()
    row = overall(effects(data, {"rate": 50.0}, "current", scope="everyone"), "campaign")
    chosen = data[(data["scope"] == "everyone") & (data["metric"] == "rate")]
    sums = chosen.groupby(["arm", "replication"])[["numerator", "denominator"]].sum()
    by_hand = 50.0 * sums["numerator"] / sums["denominator"]
    assert row["arm_mean"] == pytest.approx(by_hand["campaign"].mean(), rel=1e-14)
    assert row["effect"] == pytest.approx((by_hand["campaign"] - by_hand["current"]).mean(), rel=1e-12)


def test_categorical_columns_give_the_same_table() -> None:
    data = many()
    labels = ["branch", "arm", "segment", "scope", "metric"]
    coded = data.astype(dict.fromkeys(labels, "category"))
    pd.testing.assert_frame_equal(effects(coded, {"rate": 1.0}, "current"), effects(data, {"rate": 1.0}, "current"))


def test_an_arm_uses_the_replications_it_has() -> None:
    arms = {
        "current": series([10, 20, 30, 40]),
        "whole": series([11, 22, 33, 44]),
        "torn": {0: (15, 100), 3: (45, 100)},
    }
    table = effects(totals(arms), {"rate": 100.0}, "current")
    torn = overall(table, "torn")
    assert (torn["replications"], torn["control_mean"], torn["effect"]) == (2, 25.0, 5.0)
    assert overall(table, "whole")["replications"] == 4


def test_a_replication_with_other_branches_in_one_arm_is_no_pair() -> None:
    """Branch `south` is ten times the size of `north`; losing it in one arm is not an effect."""
    both = {"current": series([10, 10, 10]), "new": series([11, 11, 11])}
    north = totals(both)
    south = totals(both).assign(branch="south", numerator=lambda rows: rows["numerator"] * 10)
    lost = (south["arm"] == "new") & (south["replication"] == 1)
    row = overall(effects(pd.concat([north, south[~lost]]), {"rate": 100.0}, "current"), "new")
    assert row["replications"] == 2
    assert row["effect"] == pytest.approx(5.5)
    assert row["low"] == pytest.approx(5.5)


def test_zero_denominator_drops_the_pair() -> None:
    arms = {
        "current": {0: (1, 10), 1: (0, 0), 2: (2, 10)},
        "new": {0: (2, 10), 1: (5, 10), 2: (0, 0)},
    }
    row = overall(effects(totals(arms), {"rate": 10.0}, "current"), "new")
    assert (row["replications"], row["effect"], row["control_mean"]) == (1, 1.0, 1.0)
    assert math.isnan(row["low"])
    assert math.isnan(row["relative_high"])
    assert row["relative"] == 1.0


def test_no_pair_leaves_a_row_that_says_so() -> None:
    arms = {"current": {0: (1, 10)}, "new": {0: (0, 0)}}
    table = effects(totals(arms), {"rate": 1.0, "absent": 1.0}, "current")
    assert list(table["metric"]) == ["rate", "rate", "absent", "absent"]
    assert (table["replications"] == 0).all()
    assert (table["differing"] == 0).all()
    assert table[[*COLUMNS[4:12], "unseen_bound"]].isna().all(axis=None)


def test_relative_is_missing_where_the_control_is_zero() -> None:
    arms = {"current": series([0, 0, 0]), "new": series([1, 2, 3])}
    row = overall(effects(totals(arms), {"rate": 100.0}, "current"), "new")
    assert row["effect"] == 2.0
    assert row[["relative", "relative_low", "relative_high"]].isna().all()


def test_a_relative_effect_has_the_sign_of_the_effect_where_the_control_makes_a_loss() -> None:
    arms = {"current": series([-10, -12, -9]), "new": series([-5, -7, -6])}
    row = overall(effects(totals(arms), {"rate": 100.0}, "current"), "new")
    assert row["relative"] == pytest.approx(row["effect"] / 31 * 3)
    assert 0 < row["relative_low"] < row["relative"] < row["relative_high"]


def test_records_are_strict_json() -> None:
    table = effects(totals({"current": {0: (0, 10)}, "new": {0: (2, 10)}}), {"rate": 100.0}, "current")
    records = to_records(table)
    read = json.loads(json.dumps(records, allow_nan=False))
    assert read == records
    assert read[0] == {
        "metric": "rate",
        "segment": "all",
        "arm": "new",
        "control": "current",
        "control_mean": 0.0,
        "arm_mean": 20.0,
        "effect": 20.0,
        "low": None,
        "high": None,
        "relative": None,
        "relative_low": None,
        "relative_high": None,
        "replications": 1,
        "differing": 1,
        "unseen_bound": pytest.approx(100 * 7.224688 / 10),
    }
    assert type(records[0]["replications"]) is int


@pytest.mark.parametrize(
    ("control", "level", "segment", "message"),
    [
        ("curent", 0.95, "young", "control 'curent' has no totals .* found: current, new"),
        ("current", 95, "young", "confidence level 95: must lie between 0 and 1"),
        ("current", 0.95, "all", "segment 'all': the name is reserved"),
    ],
)
def test_bad_requests(control: str, level: float, segment: str, message: str) -> None:
    data = totals({"current": series([1]), "new": series([2])}, segment=segment)
    with pytest.raises(InputError, match=message):
        effects(data, {"rate": 1.0}, control, level=level)
