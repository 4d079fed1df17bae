"""What is wrong with the calendar or the script of the market: one line with its place in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from quiet_world import REPO

from lifesim.experiment.checks import check_file

GOOD = """\
extends: markets/base.yaml
name: tiny
question: What is wrong here?
start: 2026-01-05
warm_up: 10d
horizon: 90d
population: {size: 2_000, segments: {mainstream: 100%}}
measure: {primary: first_purchase_rate}
"""
ARMS = "arms: {control: {use: current_practice}}\n"

#: What is added behind `GOOD`, and the one line that must come of it.
LINES = {
    "a spread in per cent": (
        f"{ARMS}products: {{annuity: {{premium: {{spread: 40}}}}}}\n",
        "10:40: products.annuity.premium.spread: must be at most 3: of the natural logarithm, 0.4 for about 40%",
    ),
    "an elasticity that no premium has": (
        f"{ARMS}products: {{annuity: {{premium: {{income_elasticity: -30}}}}}}\n",
        "10:51: products.annuity.premium.income_elasticity: must lie between -5 and 5: 1 for a premium in proportion",
    ),
    "a sum that nobody would be insured for": (
        f"{ARMS}products: {{critical_illness: {{sum_assured: {{multiple: 5000}}}}}}\n",
        "10:55: products.critical_illness.sum_assured.multiple: insures ",
    ),
    "more claims than anybody has": (
        f"{ARMS}products: {{accident: {{claims: {{incidence: 500}}}}}}\n",
        "10:43: products.accident.claims.incidence: must be at most 20 claims a year; write 0.05 for one in twenty",
    ),
    "people who are not born yet": (
        f"{ARMS}segments: {{mainstream: {{traits: {{age: {{mean: 20, sd: 9, low: -50, high: 60}}}}}}}}\n",
        "10:62: segments.mainstream.traits.age.low: is below 0 years; write 18 for adults",
    ),
    "people older than anybody": (
        f"{ARMS}segments: {{mainstream: {{traits: {{age: {{mean: 80, sd: 9, low: 50, high: 300}}}}}}}}\n",
        "10:72: segments.mainstream.traits.age.high: is above 120 years",
    ),
    "a product twice in a price war": (
        f"{ARMS}market: {{price_wars: {{w: {{by: us, start: 2026-02-01, lasts: 9d, cut: 9%, weight: 1, "
        "products: [accident, accident]}}}\n",
        "10:106: market.price_wars.w.products[1]: 'accident' is listed twice; keep one of them",
    ),
    "a lower price that puts people off": (
        f"{ARMS}market: {{price_wars: {{w: {{by: competitor, start: 2026-02-01, lasts: 9d, cut: 9%, weight: -1}}}}}}\n",
        "10:90: market.price_wars.w.weight: must not be negative: a lower price would put people off",
    ),
    "a list of other things": (
        "arms: {control: {orchestration: [{renewal_reminders: {messages: [-30d, 3]}}]}}\n",
        "9:55: arms.control.orchestration[0].renewal_reminders.messages: ['-30d', 3] is not a list, each a whole",
    ),
    "unknown calendar": (
        f"{ARMS}calendar: chian\n",
        "10:11: calendar: 'chian' is unknown; did you mean 'china'?",
    ),
    "rest days of a schedule": (
        "arms: {control: {orchestration: [{newsletter: {rest_days: skp}}]}}\n",
        "9:35: arms.control.orchestration[0].newsletter: schedule: rest_days is one of as_usual, skip, move, not 'skp'",
    ),
    "a spell nobody lives to see": (
        f"{ARMS}market: {{shocks: {{flood: {{start: 2026-05-01, lasts: 5d}}}}}}\n",
        "10:34: market.shocks.flood.start: 2026-05-01 to 2026-05-05 is outside of the world, which goes from "
        "2025-12-26 to 2026-04-04, warm-up included",
    ),
    "an opening before the world": (
        f"{ARMS}market: {{openings: {{o: {{start: 2025-12-25, lasts: 1d}}}}}}\n",
        "10:32: market.openings.o.start: 2025-12-25 is outside of the world, which",
    ),
    "a yearly opening longer than a year": (
        f"{ARMS}market: {{openings: {{o: {{start: 2026-01-01, lasts: 366d, yearly: true}}}}}}\n",
        "10:51: market.openings.o.lasts: is longer than a year, after which it comes back",
    ),
    "a product that nobody sells": (
        f"{ARMS}market: {{openings: {{o: {{start: 2026-01-01, lasts: 9d, appeal: {{anuity: 1}}}}}}}}\n",
        "10:64: market.openings.o.appeal.anuity: unknown product 'anuity'; did you mean 'annuity'?",
    ),
    "a hazard that there is not": (
        f"{ARMS}market: {{openings: {{o: {{start: 2026-01-01, lasts: 9d, hazards: {{LOST.returns: 1}}}}}}}}\n",
        "10:65: market.openings.o.hazards.LOST.returns: unknown transition or process 'LOST.returns'; did you mean",
    ),
    "an unknown product is withdrawn": (
        f"{ARMS}market: {{withdrawals: {{w: {{product: cancer, announced: 2026-01-07, last_day: 2026-01-09}}}}}}\n",
        "10:37: market.withdrawals.w.product: unknown product 'cancer'; known: accident",
    ),
    "withdrawn before it is announced": (
        f"{ARMS}market: {{withdrawals: {{w: {{product: medical, announced: 2026-01-07, last_day: 2026-01-06}}}}}}\n",
        "10:79: market.withdrawals.w.last_day: 2026-01-06 is before the announcement on 2026-01-07",
    ),
    "withdrawn after the end": (
        f"{ARMS}market: {{withdrawals: {{w: {{product: medical, announced: 2026-06-07, last_day: 2026-07-06}}}}}}\n",
        "10:79: market.withdrawals.w.last_day: 2026-06-07 to 2026-07-06 is outside of the world, which goes from 2025",
    ),
    "a price war without a product": (
        f"{ARMS}market: {{price_wars: {{w: {{start: 2026-01-07, lasts: 9d, by: us, cut: 10%, weight: 3}}}}}}\n",
        "10:61: market.price_wars.w.by: needs `products:`, those of ours that become cheaper",
    ),
    "a price cut above 1": (
        f"{ARMS}market: {{price_wars: {{w: {{start: 2026-01-07, lasts: 9d, by: us, cut: 110%, weight: 3}}}}}}\n",
        "10:70: market.price_wars.w.cut: '110%' is outside 0% to 100%",
    ),
    "a competitor's cut that it copies": (
        f"{ARMS}market:\n  price_wars:\n    w:\n      {{start: 2026-01-07, lasts: 9d, by: competitor, cut: 10%,"
        " weight: 3, copied_after: 3d}\n",
        "13:89: market.price_wars.w.copied_after: is for a cut of our own; remove it, or write `by: us`",
    ),
    "a cut that is over before it is copied": (
        f"{ARMS}market:\n  price_wars:\n    w:\n      {{start: 2026-01-07, lasts: 9d, by: us, cut: 10%, weight: 3,"
        " products: [medical], copied_after: 9d}\n",
        "13:102: market.price_wars.w.copied_after: is not shorter than `lasts`: the competitor would never copy",
    ),
    "an income shock on nobody": (
        f"{ARMS}market:\n  income_shocks: {{i: {{start: 2026-01-07, lasts: 9d, income: 1%, segments: {{me: 5%}}}}}}\n",
        "11:76: market.income_shocks.i.segments.me: unknown segment 'me'; known: mainstream,",
    ),
    "a share of a segment above 1": (
        f"{ARMS}market:\n  income_shocks:\n    i:\n      {{start: 2026-01-07, lasts: 9d, income: 10%,"
        " segments: {mainstream: 120%}}\n",
        "13:74: market.income_shocks.i.segments.mainstream: '120%' is outside 0% to 100%",
    ),
    "all of an income": (
        f"{ARMS}market:\n  income_shocks:\n    i: {{start: 2026-01-07, lasts: 9d, income: 100%, segments: {{}}}}\n",
        "12:47: market.income_shocks.i.income: must be below 100%: nothing would be left of the income",
    ),
    "an income shock after the end": (
        f"{ARMS}market:\n  income_shocks:\n    i: {{start: 2027-01-07, lasts: 9d, income: 10%, segments: {{}}}}\n",
        "12:16: market.income_shocks.i.start: 2027-01-07 to 2027-01-15 is outside of the world, which goes from 2025",
    ),
    "a channel that there is not": (
        f"{ARMS}market: {{consent_tightenings: {{law: {{day: 2026-02-01, withdrawn: {{fax: 10%}}}}}}}}\n",
        "10:67: market.consent_tightenings.law.withdrawn.fax: 'fax' is unknown; "
        "channels are fixed: push, sms, call, service_account, wecom, offline_event, article, mini_program, email, "
        "online_qa, wecom_group, moments, ai_call, visit, short_video",
    ),
    "a tightening before the world": (
        f"{ARMS}market: {{consent_tightenings: {{law: {{day: 2025-12-25, withdrawn: {{sms: 10%}}}}}}}}\n",
        "10:43: market.consent_tightenings.law.day: 2025-12-25 is outside of the world, which goes from 2025-12-26 to",
    ),
    "a negative factor": (
        f"{ARMS}market: {{shocks: {{o: {{start: 2026-01-01, lasts: 9d, desk: -1}}}}}}\n",
        "10:59: market.shocks.o.desk: a factor must not be negative",
    ),
    "eleven months": (
        f"{ARMS}market: {{season: {{desk: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}}}}\n",
        "10:19: market.season.desk: needs 12 factors; found 11",
    ),
    "a staffing plan of a quarter": (
        "arms: {control: {use: current_practice, staffing: [1, 2, 1]}}\n",
        "9:41: arms.control.staffing: needs 12 factors; found 3",
    ),
    "holidays of a desk": (
        f"{ARMS}desk: {{holidays: shut}}\n",
        "10:18: desk.holidays: 'shut' is unknown; known: closed, open",
    ),
}


def said(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "tiny.yaml"
    file.write_text(text, encoding="utf-8")
    return [
        f"{each.place.removeprefix(str(file))}: {each.path}: {each.message}"[1:]
        for each in check_file(file)
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFESIM_ROOT", str(REPO))


def test_the_good_scenario_is_good(tmp_path: Path) -> None:
    assert said(tmp_path, f"{GOOD}{ARMS}calendar: china\n") == []


@pytest.mark.parametrize("name", LINES)
def test_one_line_with_its_place(tmp_path: Path, name: str) -> None:
    text, wanted = LINES[name]
    (line,) = said(tmp_path, GOOD + text)
    assert line.startswith(wanted)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("start: 2026-01-05", "start: 2001-01-05", "4:8: start: the world goes from 2000-12-26 to 2001-04-04; `calen"),
        ("start: 2026-01-05", "start: 2099-12-05", "6:10: horizon: the world goes from 2099-11-25 to 2100-03-04; `ca"),
    ],
)
def test_a_horizon_that_leaves_the_calendar_is_refused(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    text = GOOD.replace(old, new) + ARMS
    (line,) = said(tmp_path, f"{text}calendar: china\n")
    assert line.startswith(wanted) and "covers 2001 to 2099; change the dates or remove the calendar" in line
    assert said(tmp_path, text) == []


@pytest.mark.parametrize(
    ("measure", "wanted"),
    [
        (
            "{primary: persistency_25}",
            "8:20: measure.primary: persistency_25 cannot be observed in a horizon of 90 days",
        ),
        (
            "{primary: first_purchase_rate, guardrails: {retention_12: 1pp}}",
            "8:54: measure.guardrails.retention_12: retention_12 cannot be observed in a horizon of 90 days; it",
        ),
    ],
)
def test_a_metric_that_the_horizon_is_too_short_for_does_not_decide(tmp_path: Path, measure: str, wanted: str) -> None:
    (line,) = said(tmp_path, GOOD.replace("{primary: first_purchase_rate}", measure) + ARMS)
    assert line.startswith(wanted)


def test_something_has_to_be_sold(tmp_path: Path) -> None:
    products = (
        "accident",
        "medical",
        "critical_illness",
        "annuity",
        "term_life",
        "whole_life",
        "increasing_whole_life",
    )
    each = (f"{name}: {{product: {name}, announced: 2026-01-07, last_day: 2026-01-09}}" for name in products)
    (line,) = said(tmp_path, f"{GOOD}{ARMS}market: {{withdrawals: {{{', '.join(each)}}}}}\n")
    assert line.endswith("nothing would be sold any more; leave a product that has a premium")
