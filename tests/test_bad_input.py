"""Whatever is wrong with a file is said in one line with its place and a remedy, and the exit code is 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifesim import cli, workspace

GOOD = """\
extends: markets/base.yaml
name: tiny
question: What is wrong here?
start: 2026-01-05
warm_up: 10d
horizon: 30d
population:
  size: 2_000
  segments: {striving_youth: 60%, mainstream: 40%}
arms:
  control: {use: current_practice}
  campaign: {use: current_practice, orchestration: [weekly_campaign]}
measure:
  primary: first_purchase_rate
experiment: {replications: 1, seed: 1}
"""
FILE = "scenarios/tiny.yaml"

Check = Callable[[str | bytes], tuple[int, list[str]]]


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad") / "workspace"
    workspace.create(folder)
    return folder


@pytest.fixture
def root(bundled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a workspace with the shipped files."""
    monkeypatch.chdir(bundled)
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)
    monkeypatch.delenv("LIFESIM_DEBUG", raising=False)
    workspace.unmount()
    yield bundled
    workspace.unmount()


@pytest.fixture
def check(root: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run `lifesim check` on a text and give the exit code and what was said, a line each."""

    def check(text: str | bytes) -> tuple[int, list[str]]:
        (root / FILE).write_bytes(text.encode() if isinstance(text, str) else text)
        with pytest.raises(SystemExit) as stop:
            cli.main(["check", FILE])
        captured = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, (captured.out + captured.err).splitlines()

    return check


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_the_good_scenario_is_good(check: Check) -> None:
    assert check(GOOD) == (0, [f"{FILE}: ok"])
    assert check(b"\xef\xbb\xbf" + GOOD.encode()) == (0, [f"{FILE}: ok"])


#: What is changed, and the one line that must come of it, behind the name of the file.
CHANGES = {
    "unknown key": ("horizon:", "horizn: 3d\nhorizon:", "6:1: horizn: unknown key 'horizn'; did you mean 'horizon'?"),
    "unknown key inside": (
        "  size: 2_000",
        "  size: 2_000\n  sise: 3",
        "9:3: population.sise: unknown key 'sise'; did",
    ),
    "wrong unit": ("30d", "30x", "6:10: horizon: '30x' is not a duration; write 90d, 2w"),
    "no unit": ("30d", "30", "6:10: horizon: 30 has no unit; write 30d for days"),
    "percent as a number": ("60%", "60", "9:30: population.segments.striving_youth: 60 is above 1; write '60%'"),
    "shares": (
        "60%",
        "50%",
        "9:3: population.segments: shares must sum to 100%, and striving_youth 50% + mainstream 40% is 90%",
    ),
    "shares of branches": (
        "  size: 2_000",
        "  size: 2_000\n  branches: {a: 50%, b: 60%}",
        "9:3: population.branches: shares must sum to 100%, and a 50% + b 60% is 110%; write ~ to remove",
    ),
    "unknown practice": (
        "current_practice}",
        "curent_practice}",
        "11:18: arms.control.use: unknown practice 'curent_pr",
    ),
    "unknown segment": (
        "mainstream:",
        "mainstraem:",
        "9:35: population.segments.mainstraem: unknown segment 'mainstraem';",
    ),
    "unknown strategy": (
        "[weekly_campaign]",
        "[weekly_campain]",
        "12:53: arms.campaign.orchestration[0]: unknown orchestration plug-in 'weekly_campain'; did you mean 'weekly",
    ),
    "unknown journey": (
        "[weekly_campaign]",
        "[striving_yuth]",
        "12:53: arms.campaign.orchestration[0]: unknown orchestration plug-in 'striving_yuth'; did you mean 'striv",
    ),
    "unknown parameter": (
        "[weekly_campaign]",
        "[{weekly_campaign: {max_aged: 3}}]",
        "12:72: arms.campaign.orchestration[0].weekly_campaign.max_aged: weekly_campaign has no parameter 'max_aged'",
    ),
    "parameter of another type": (
        "[weekly_campaign]",
        "[{weekly_campaign: {max_age: old}}]",
        "12:81: arms.campaign.orchestration[0].weekly_campaign.max_age: 'old' is not a whole number; the default is 32",
    ),
    "impossible clock": (
        "[weekly_campaign]",
        "[{weekly_campaign: {at: '25:99'}}]",
        "12:54: .* '25:99' is not a time of day",
    ),
    "impossible weekday": (
        "[weekly_campaign]",
        "[{weekly_campaign: {weekday: 9}}]",
        "12:54: .* weekdays go from 1 to 7; found 9",
    ),
    "plug-in without a name": ("[weekly_campaign]", "[{}]", "12:53: arms.campaign.orchestration[0]: takes one plug-in"),
    "no list": (
        "[weekly_campaign]",
        "weekly_campaign",
        "12:52: arms.campaign.orchestration: 'weekly_campaign' is not a list",
    ),
    "twice": (
        "[weekly_campaign]",
        "[newsletter]",
        "12:3: arms.campaign: runs 'newsletter' twice (practice 'current_practice'",
    ),
    "unknown kind of life event": (
        "measure:",
        "behaviour: {life_events: {divorce: {rate: 0.1/y}}}\nmeasure:",
        "13:27: behaviour.life_events.divorce: 'divorce' is unknown; known: child, home, income, marriage",
    ),
    "life event that depends on a state": (
        "measure:",
        "behaviour: {life_events: {child: {depends: {need: 1}}}}\nmeasure:",
        "13:45: behaviour.life_events.child.depends.need: unknown trait 'need'",
    ),
    "life event that moves nothing known": (
        "measure:",
        "behaviour: {life_events: {child: {impulses: {ned: 1}}}}\nmeasure:",
        "13:46: behaviour.life_events.child.impulses.ned: unknown state 'ned'; did you mean 'need'?",
    ),
    "negative factor by age": (
        "measure:",
        "behaviour: {life_events: {child: {ages: {30: -1}}}}\nmeasure:",
        "13:46: behaviour.life_events.child.ages[30]: a factor must not be negative",
    ),
    "ages without a beginning": (
        "measure:",
        "behaviour: {life_events: {child: {ages: {0: ~}}}}\nmeasure:",
        ".* behaviour.life_events.child.ages: the first band must start at 0",
    ),
    "unknown family": (
        "measure:",
        "behaviour: {cover: {helth: {years: 1}}}\nmeasure:",
        "13:21: behaviour.cover.helth: 'helth' is unknown; did you mean 'health'?",
    ),
    "negative wanted cover": (
        "measure:",
        "behaviour: {cover: {health: {years: -1}}}\nmeasure:",
        "13:37: behaviour.cover.health.years: wanted cover must not be negative",
    ),
    "wanted cover that depends on a gap": (
        "measure:",
        "behaviour: {cover: {health: {depends: {gap_health: 1}}}}\nmeasure:",
        "13:40: behaviour.cover.health.depends.gap_health: unknown trait or state 'gap_health'",
    ),
    "income without a logarithm": (
        "measure:",
        "behaviour: {traits: {income: {log: false}}}\nproducts: {critical_illness: {underwriting: null}}\nmeasure:",
        ".* behaviour.cover: needs a trait `income` with `log: true`",
    ),
    "product of an unknown family": (
        "measure:",
        "products: {medical: {family: helth}}\nmeasure:",
        "13:30: products.medical.family: 'helth' is",
    ),
    "negative cover": (
        "measure:",
        "products: {medical: {sum_assured: {multiple: -2}}}\nmeasure:",
        "13:46: products.medical.sum_assured.multiple: cover must not be negative",
    ),
    "underwriting that leaves a gap between ages": (
        "measure:",
        "products: {medical: {underwriting: {takes: {median: 3d, spread: 0.5}, by_age: [{ages: 0-39}, {ages: 45+}]}}}"
        "\nmeasure:",
        "13:101: products.medical.underwriting.by_age[1].ages: leaves a gap: no row has ages 40-44",
    ),
    "more outcomes of underwriting than applications": (
        "measure:",
        "products: {medical: {underwriting: {takes: {median: 3d, spread: 0.5}, by_age: [{ages: 0+, declined: 60%, "
        "postponed: 50%}]}}}\nmeasure:",
        "13:80: products.medical.underwriting.by_age[0]: declined, postponed, excluded and loaded add up to 110%",
    ),
    "share of an outcome above one": (
        "measure:",
        "products: {medical: {underwriting: {takes: {median: 3d, spread: 0.5}, by_age: [{ages: 0+, declined: 120%}]}}}"
        "\nmeasure:",
        "13:101: products.medical.underwriting.by_age[0].declined: ",
    ),
    "loaded at the standard premium": (
        "measure:",
        "products: {medical: {underwriting: {takes: {median: 3d, spread: 0.5}, by_age: [{ages: 0+, loaded: 5%}]}}}"
        "\nmeasure:",
        "13:22: products.medical.underwriting: some are loaded, so it needs `loading:` above 1",
    ),
    "loading below the standard premium": (
        "measure:",
        "products: {medical: {underwriting: {takes: {median: 3d, spread: 0.5}, by_age: [{ages: 0+}], loading: 0.8}}}"
        "\nmeasure:",
        "13:102: products.medical.underwriting.loading: must be 1 or more",
    ),
    "limit on a sum that nobody assures": (
        "measure:",
        "products: {annuity: {sum_assured: {multiple: 0}, underwriting: {takes: {median: 3d, spread: 0.5}, "
        "by_age: [{ages: 0+}], max_sum_assured: 10}}}\nmeasure:",
        ".* products.annuity.underwriting.max_sum_assured: there is no sum assured",
    ),
    "claims over a sum that nobody assures": (
        "measure:",
        "products: {annuity: {sum_assured: {multiple: 0}, claims: {severity: {of: sum_assured}}}}\nmeasure:",
        ".* products.annuity.claims.severity.of: there is no sum assured",
    ),
    "maturity before the last premium": (
        "measure:",
        "products: {annuity: {maturity: {after: 5, pays: 1, of: premiums}}}\nmeasure:",
        "13:40: products.annuity.maturity.after: must be 10, the years in which premiums are paid, to 60",
    ),
    "maturity of short cover": (
        "measure:",
        "products: {medical: {maturity: {after: 5, pays: 1, of: premiums}}}\nmeasure:",
        "13:22: products.medical.maturity: is for long-term products",
    ),
    "maturity of policies older than that at the start": (
        "measure:",
        "products: {annuity: {maturity: {after: 15, pays: 1, of: premiums}}}\nmeasure:",
        "13:40: products.annuity.maturity.after: must be above 18, the age in years of the oldest policies",
    ),
    "death benefit of a sum that nobody assures": (
        "measure:",
        "products: {medical: {sum_assured: {multiple: 0}, death_benefit: {pays: 1}}}\nmeasure:",
        ".* products.medical.death_benefit: there is no sum assured",
    ),
    "offer for an unknown family": (
        "measure:",
        "contents: {health_offer: {aim: {family: helth}}}\nmeasure:",
        "13:41: contents.health_offer.aim.family: 'helth' is",
    ),
    "offer for no gap": (
        "measure:",
        "contents: {health_offer: {aim: {gap: 0}}}\nmeasure:",
        "13:38: contents.health_offer.aim.gap: must be above zero",
    ),
    "harm that helps": (
        "measure:",
        "contents: {health_offer: {aim: {harm: {trust: -1}}}}\nmeasure:",
        "13:47: contents.health_offer.aim.harm.trust: harm is taken away; write it without the minus",
    ),
    "harm to nothing known": (
        "measure:",
        "contents: {health_offer: {aim: {harm: {trst: 1}}}}\nmeasure:",
        "13:40: contents.health_offer.aim.harm.trst: unknown state 'trst'; did you mean 'trust'?",
    ),
    "unknown metric": (
        "first_purchase_rate",
        "first_purchase",
        "14:12: measure.primary: unknown metric 'first_purchase'; did",
    ),
    "metric by its name on the page": (
        "first_purchase_rate",
        "失效率",
        "14:12: measure.primary: unknown metric '失效率'; did you mean 'lapse_rate'?",
    ),
    "thousands": (
        "2_000",
        "4千",
        "8:9: population.size: '4千' is not a whole number; write 4000",
    ),
    "negative guardrail": (
        "measure:",
        "measure:\n  guardrails: {opt_out_rate: -1pp}",
        "14:30: measure.guardrails.opt_out_rate: -0.01",
    ),
    "guardrail without its unit": (
        "measure:",
        "measure:\n  guardrails: {opt_out_rate: 5}",
        "14:30: .* 5 is beyond 100%; opt_out_rate is a share, write 5pp",
    ),
    "duplicate key": (
        "  size: 2_000",
        "  size: 2_000\n  size: 300",
        "9:3: population.size: key 'size' is given twice, first on line 8",
    ),
    "tab": ("  size: 2_000", "\tsize: 2_000", "8:1: a tab indents this line; YAML indents with spaces"),
    "tab inside": ("  size: 2_000", "  size:\t200", "8:8: a tab stands here; write spaces, or put the text in quotes"),
    "full-width colon": (
        "horizon: 30d",
        "horizon：30d",
        "6:8: not valid YAML .*; full-width '：' is plain text in YAML, write ':'",
    ),
    "full-width comma": (
        "60%, main",
        "60%，main",
        "9:33: not valid YAML .*; full-width '，' is plain text in YAML, write ','",
    ),
    "full-width digits": ("30d", "３０d", "6:10: horizon: '３０d' has full-width characters; write 30d"),
    "full-width quotes": ("What is wrong here?", "“What”", "3:11: question: '“What”' is one text; full-width '“'"),
    "bracket left open": (
        "40%}",
        "40%",
        "10:5: not valid YAML .*; a comma is missing, or the bracket opened on line 9",
    ),
    "alias": ("What is wrong here?", "*what", "3:11: question: alias '*what' is not allowed; write the value out"),
    "tag": ("What is wrong here?", "!!python/name:os x", "3:11: question: tag .* is not allowed; remove it"),
    "too many people": (
        "size: 2_000",
        "size: 900_000_000_000",
        "8:9: population.size: 900,000,000,000 customers need about 900,000 GB of memory and this machine has .*",
    ),
    "nobody": ("size: 2_000", "size: 0", "8:9: population.size: must be at least 1"),
    "negative size": (
        "size: 2_000",
        "size: -5",
        "8:9: population.size: -5 is negative; write a whole number of 0 or more",
    ),
    "half a person": (
        "size: 2_000",
        "size: 1.5",
        "8:9: population.size: 1.5 is not a whole number; write 50000 or 50_000",
    ),
    "bare zero": (
        "horizon: 30d",
        "horizon: 0",
        "6:10: horizon: 0 is zero; give a duration longer than 0s, such as 90",
    ),
    "zero horizon": ("30d", "0d", "6:10: horizon: '0d' is zero; give a duration longer than 0s, such as 90d"),
    "part of a day": ("30d", "3h", "6:10: horizon: must be a whole number of days; write 1d"),
    "beyond storage": ("30d", "60y", "6:10: horizon: is too long; warm-up and horizon together take 60y at most"),
    "negative warm-up": (
        "warm_up: 10d",
        "warm_up: -3d",
        "5:10: warm_up: '-3d' is negative; a duration is 0s or longer",
    ),
    "no such day": ("2026-01-05", "2026-02-30", "4:8: start: '2026-02-30' is not in the calendar; write 2026-01-05"),
    "end of the calendar": ("2026-01-05", "9999-12-31", "4:8: start: must lie between 1900-01-01 and 2200-01-01"),
    "no control": ("control:", "kontrol:", "10:1: arms: the control arm 'control' is missing; did you mean 'kontrol'?"),
    "name that is a path": (
        "name: tiny",
        "name: ../../etc",
        "2:7: name: '../../etc' is not a name; start with a letter",
    ),
    "hostile name": (
        "  campaign:",
        '  "<script>":',
        "12:3: arms.<script>: '<script>' is not a name; start with a letter",
    ),
    "number for text": (
        "What is wrong here?",
        "3",
        "3:11: question: 3 is not a mapping of 'key: value' lines; or 3 is not text; put it in quotes",
    ),
    "list for a mapping": (
        "experiment: {replications: 1, seed: 1}",
        "experiment: [1]",
        "15:1: experiment: a list is not a mapping",
    ),
    "text for a mapping": ("{use: current_practice}", "current", "11:12: arms.control: 'current' is not a mapping"),
    "no replications": ("replications: 1", "replications: 0", "15:28: experiment.replications: must be 1 to 10,000"),
    "negative seed": (
        "seed: 1",
        "seed: -1",
        "15:37: experiment.seed: -1 is negative; write a whole number of 0 or more",
    ),
    "base that is not there": (
        "base.yaml",
        "bas.yaml",
        "1:10: extends: no such file 'markets/bas.yaml'; did you mean 'markets/base.yaml'?",
    ),
    "base outside": ("markets/base", "../../x", "1:10: extends: '../../x.yaml' leads outside of scenarios"),
    "base that is itself": ("markets/base", "tiny", "1:10: extends: extends itself: tiny.yaml -> tiny.yaml"),
}


def expected(line: str) -> re.Pattern[str]:
    """The start of the line that says so; ``.*`` in it stands for anything."""
    return re.compile(".*".join(map(re.escape, f"error: {FILE}:{line}".split(".*"))))


@pytest.mark.parametrize("name", CHANGES)
def test_one_line_says_what_where_and_what_would_be_right(check: Check, name: str) -> None:
    old, new, line = CHANGES[name]
    code, said = check(changed(old, new))
    assert code == 2
    assert len(said) == 1, said
    assert expected(line).match(said[0]), said[0]


ADDITIONS = {
    "negative money": ("desk: {cost: -3 CNY}", "desk.cost: '-3 CNY' is negative; write an amount of 0 or more"),
    "other money": ("desk: {cost: 3 USD}", "desk.cost: '3 USD' is in USD; write the amount in CNY"),
    "dear": ("desk: {cost: 2万}", "desk.cost: must be at most 10,000 CNY"),
    "unknown product": (
        "segments: {mainstream: {book: {acident: 0%}}}",
        "segments.mainstream.book.acident: unknown product 'acident'; did you mean 'accident'?",
    ),
    "unknown content": ("desk: {content: advise}", "desk.content: unknown content 'advise'; did you mean 'advice'?"),
    "unknown covariate": (
        "behaviour: {transitions: {HOLDING.death: {depends: {aged: 1}}}}",
        "behaviour.transitions.HOLDING.death.depends.aged: unknown covariate 'aged'; did you mean 'age'?",
    ),
    "unknown fact": (
        "desk: {cost: {fact: messages.sms_cost}}",
        "desk.cost: unknown fact 'messages.sms_cost'; did you mean 'messages.sms_",
    ),
    "negative incidence": (
        "products: {medical: {claims: {incidence: -0.1}}}",
        "products.medical.claims.incidence: must not be negative; write 0 for a product without claims",
    ),
    "gap between ages": (
        "products: {medical: {claims: {by_age: [{ages: 0-29, factor: 1}, {ages: 35+, factor: 2}]}}}",
        "products.medical.claims.by_age[1].ages: leaves a gap: no row has ages 30-34",
    ),
    "gap before the first age": (
        "products: {medical: {claims: {by_age: [{ages: 1+, factor: 2}]}}}",
        "products.medical.claims.by_age[0].ages: leaves a gap: no row has ages 0",
    ),
    "gap after the last age": (
        "products: {medical: {claims: {by_age: [{ages: 0-59, factor: 2}]}}}",
        "products.medical.claims.by_age[0].ages: leaves a gap: no row has ages 60+; end with them",
    ),
    "overlapping ages": (
        "products: {medical: {claims: {by_age: [{ages: 0-30, factor: 1}, {ages: 30+, factor: 2}]}}}",
        "products.medical.claims.by_age[1].ages: overlaps the row before it, which goes up to 30",
    ),
    "ages backwards": (
        "products: {medical: {claims: {by_age: [{ages: 44-30, factor: 1}]}}}",
        "products.medical.claims.by_age[0].ages: '44-30' must go from a lower to a higher age, up to 120",
    ),
    "no ages": (
        "products: {medical: {claims: {by_age: [{ages: adults, factor: 1}]}}}",
        "products.medical.claims.by_age[0].ages: 'adults' is not a span of ages; write 30-44, or 60+ for the last row",
    ),
    "negative factor of an age": (
        "products: {medical: {claims: {by_age: [{ages: 0+, factor: -1}]}}}",
        "products.medical.claims.by_age[0].factor: a factor must not be negative",
    ),
    "severity without mean": (
        "products: {medical: {claims: {severity: {mean: ~}}}}",
        "products.medical.claims.severity.mean: missing key 'mean'; add it",
    ),
    "no severity": (
        "products: {medical: {claims: {severity: {mean: 0}}}}",
        "products.medical.claims.severity.mean: must be above zero",
    ),
    "as many seats as there are people": (
        "desk: {seats: {seniors: {per_10k: 1e9}}}",
        "desk.seats.seniors.per_10k: must be 0 to 100,000",
    ),
    "a call each microsecond": (
        "desk: {seats: {seniors: {calls_per_hour: 3.6e9}}}",
        "desk.seats.seniors.calls_per_hour: must be 0 to 3,600",
    ),
    "unknown mechanism": ("mechanisms: [stress]", "mechanisms[0]: unknown mechanisms plug-in 'stress'"),
    "mechanism twice": (
        "mechanisms: [financial_stress, financial_stress]",
        "mechanisms[1]: mechanism FinancialStress: the covariate 'stress' exists already",
    ),
    "contradiction": (
        "correlations: [{traits: [age, income], value: 0.99}, {traits: [income, family], value: 0.99}, "
        "{traits: [age, family], value: -0.9}]",
        "correlations: these correlations contradict each other; make some of them weaker",
    ),
    "duplicate key": ("name: again", "name: key 'name' is given twice, first on line 2; remove one"),
    "practice of a practice": (
        "practices: {x: {use: current_practice}}",
        "practices.x.use: only an arm can use a practice",
    ),
}


@pytest.mark.parametrize("name", ADDITIONS)
def test_what_a_scenario_adds_is_checked_too(check: Check, name: str) -> None:
    more, line = ADDITIONS[name]
    code, said = check(f"{GOOD}{more}\n")
    assert (code, len(said)) == (2, 1), said
    assert re.match(rf"error: {FILE}:16:\d+: {re.escape(line)}", said[0]), said[0]


#: What is added, and the lines that must come of it, behind the name of the file.
LINES = {
    "measure: {guardrails: {opt_out_rate: 5%}}": (
        "measure.guardrails.opt_out_rate: '5%' is a share; write 5pp for a difference in percentage points",
    ),
    "measure: {guardrails: {complaints_per_10k: few}}": (
        "measure.guardrails.complaints_per_10k: 'few' is not a limit; write 0.5pp for a metric that is a share",
    ),
    "segments: {mainstream: {traits: {age: {mean: 25岁}}}}": (
        "segments.mainstream.traits.age.mean: '25岁' is not a number; write 25",
    ),
    "segments: {mainstream: {traits: {income: {median: 8万}}}}": (
        "segments.mainstream.traits.income.median: '8万' is not a number; write 80000",
    ),
    "segments: {mainstream: {book: {pet: 5%}}}": (
        "segments.mainstream.book: shares must sum to 100%, and accident 28% + medical 35% + critical_illness 26% + ",
        "segments.mainstream.book.pet: unknown product 'pet'; known: accident, annuity, critical_illness, free_cover",
    ),
    "channels: {wechat: {cost: 1 CNY}}": (
        "channels.wechat: 'wechat' is unknown; "
        "channels are fixed: push, sms, call, service_account, wecom, offline_event, article, mini_program, email, "
        "online_qa, wecom_group, moments, ai_call, visit, short_video",
    ),
    "channels: {smss: {cost: 1 CNY}}": ("channels.smss: 'smss' is unknown; did you mean 'sms'?",),
    "segments: {mainstream: {reach: {post: 5%}}}": (
        "segments.mainstream.reach.post: 'post' is unknown; "
        "channels are fixed: push, sms, call, service_account, wecom, offline_event, article, mini_program, email, "
        "online_qa, wecom_group, moments, ai_call, visit, short_video",
    ),
    "products: {pet: {family: health, term: short, needs_person: false, grace: 60d, commission: 1%}}": (
        "products.pet: missing keys 'premium', 'renewal_commission', 'value', 'claims', 'choice'; "
        "copy products.accident (scenarios/markets/base.yaml:",
    ),
    "contents: {advert: {kind: benefit}}": ("contents.advert.visit: missing key 'visit'; add it",),
    "products: {annuity: ~}": (
        "products.annuity: is removed here, but segments.wealth_rising.book.annuity (scenarios/markets/base.yaml:",
        "products.annuity: is removed here, but segments.mainstream.book.annuity (scenarios/markets/base.yaml:",
    ),
    "contents: {advice: ~}": ("contents.advice: is removed here, but desk.content (scenarios/markets/base.yaml:",),
}


@pytest.mark.parametrize("more", LINES)
def test_every_slip_is_told_in_full_where_it_was_made(check: Check, more: str) -> None:
    text = GOOD if not more.startswith("measure") else changed("measure:\n  primary: first_purchase_rate\n", "")
    more = more.replace("measure: {", "measure: {primary: first_purchase_rate, ")
    code, said = check(f"{text}{more}\n")
    wanted = LINES[more.replace("primary: first_purchase_rate, ", "")]
    assert (code, len(said)) == (2, len(wanted)), said
    for line, start in zip(said, wanted, strict=True):
        assert re.match(rf"error: {FILE}:\d+:\d+: {re.escape(start)}", line), line


def test_the_remedy_of_a_removal_can_be_copied(check: Check) -> None:
    removal = "products: {annuity: ~}\n"
    _, said = check(GOOD + removal)
    remedies = [re.search("; write (.*) too, and let the other shares sum to 100%$", line) for line in said]
    assert [remedy and remedy[1] for remedy in remedies] == [
        "segments: {wealth_rising: {book: {annuity: ~}}}",
        "segments: {mainstream: {book: {annuity: ~}}}",
    ]
    mended = (
        "segments: {wealth_rising: {book: {annuity: ~, medical: 32%}}, mainstream: {book: {annuity: ~, medical: 40%}}}"
    )
    assert check(f"{GOOD}{removal}{mended}\n") == (0, [f"{FILE}: ok"])


def test_what_no_longer_fits_is_told_at_what_was_changed(check: Check) -> None:
    _, said = check(f"{GOOD}segments: {{mainstream: {{traits: {{age: {{high: 30}}}}}}}}\n")
    assert re.match(rf"error: {FILE}:16:\d+: segments.mainstream.traits.age.mean: 38 lies outside", said[0])
    assert re.search(r"\(inherited from scenarios/markets/base.yaml:\d+\)$", said[0])


def test_an_age_with_its_unit_as_a_parameter(check: Check) -> None:
    code, said = check(changed("[weekly_campaign]", "[{weekly_campaign: {max_age: 25岁}}]"))
    assert (code, len(said)) == (2, 1)
    assert said[0].endswith("max_age: '25岁' is not a whole number; write 25; the default is 32")


JOURNEY = """\
name: tiny
entry: {every: mon 09:00}
steps: {hello: {send: {sms: hello}, next: exit}}
contents: {hello: {kind: care, says: How are you?}}
"""


def test_a_journey_in_another_folder_is_checked_as_a_journey(check: Check) -> None:
    code, said = check(JOURNEY)
    assert (code, said[0]) == (0, f"{FILE}: ok")
    assert said[1].startswith(f"warning: {FILE}: is a journey; arms find journeys in strategies/orchestration/ alone")
    code, said = check(JOURNEY.replace("next: exit", "next: helo"))
    assert code == 2
    assert said == [f"error: {FILE}:3:43: steps.hello.next: unknown step 'helo'; did you mean 'hello'?"]


DISTRIBUTIONS = {
    "mean: 90": "segments.mainstream.traits.age.mean: 90 lies outside low 18 to high 70; move mean, low or high",
    "high: 30": "segments.mainstream.traits.age.mean: 38 lies outside low 18 to high 30; move mean, low or high",
    "low: 80": "segments.mainstream.traits.age.low: must not exceed high (70)",
}


@pytest.mark.parametrize("change", DISTRIBUTIONS)
def test_a_distribution_whose_middle_is_cut_off(check: Check, change: str) -> None:
    code, said = check(f"{GOOD}segments: {{mainstream: {{traits: {{age: {{{change}}}}}}}}}\n")
    assert (code, len(said)) == (2, 1), said
    assert DISTRIBUTIONS[change] in said[0]


def test_a_median_that_is_cut_off(check: Check) -> None:
    code, said = check(f"{GOOD}segments: {{mainstream: {{traits: {{income: {{median: 10}}}}}}}}\n")
    assert (code, len(said)) == (2, 1), said
    assert "income.median: 10 lies outside low 15000 to high 1.5e+06; move median, low or high" in said[0]


#: What is added, and the one warning that must come of it; None for none.
CAUTIONS = {
    "desk: {cost: 1_200 CNY}": "desk.cost: 1_200 CNY is 100 times the 12 CNY of scenarios/markets/base.yaml:",
    "desk: {cost: 0.12 CNY}": "desk.cost: 0.12 CNY is 1/100 of the 12 CNY of scenarios/markets/base.yaml:",
    "desk: {cost: 240 CNY}": None,
    "desk: {cost: 0 CNY}": None,
    "products: {accident: {premium: {median: 3万}}}": "products.accident.premium.median: 3万 is 100 times",
    "acquisition: {advertising: {rate: 400/d}}": "acquisition.advertising.rate: 400/d is 365 times the 400/y of",
    "acquisition: {advertising: {rate: 400/w}}": "acquisition.advertising.rate: 400/w is 52.1 times the 400/y of",
    "acquisition: {advertising: {rate: 40/month}}": None,
    "contact_policy: {marketing_cap: {within: 700d}}": None,
}


@pytest.mark.parametrize("more", CAUTIONS)
def test_a_figure_far_from_the_one_it_overrides_is_a_warning(check: Check, more: str) -> None:
    code, said = check(f"{GOOD}{more}\n")
    wanted = CAUTIONS[more]
    assert code == 0
    assert said[0] == f"{FILE}: ok"
    assert len(said) == (1 if wanted is None else 2), said
    if wanted is not None:
        assert re.match(rf"warning: {FILE}:16:\d+: {re.escape(wanted)}", said[1]), said[1]
        assert said[1].endswith("; is the unit right?")


def test_few_customers_are_a_warning(check: Check) -> None:
    code, said = check(changed("2_000", "999"))
    assert code == 0
    assert said[1:] == [
        f"warning: {FILE}:8:9: population.size: 999 customers are few: chance will cover what a strategy does; "
        "write 10_000 for a quick look"
    ]
    assert check(changed("2_000", "1_000")) == (0, [f"{FILE}: ok"])


ARMS = {
    "{orchestration: [weekly_campaign]}": "no newsletter, no premium_notices, nobody who answers inquiries",
    "{orchestration: [weekly_campaign, newsletter]}": "no premium_notices, nobody who answers inquiries",
    "{orchestration: [newsletter, premium_notices]}": "nobody who answers inquiries",
    "{orchestration: [{newsletter: {day: 3}}, premium_notices], allocation: fill_seats}": None,
    "{}": "no newsletter, no premium_notices, nobody who answers inquiries",
}


@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_that_starts_from_nothing_is_a_warning(check: Check, arm: str) -> None:
    code, said = check(changed("{use: current_practice, orchestration: [weekly_campaign]}", arm))
    lacks = ARMS[arm]
    warning = (
        f"warning: {FILE}:12:3: arms.campaign: has no `use`, so it has {lacks}; write use: current_practice, "
        "or leave it if silence is what you want to compare with"
    )
    assert (code, said) == (0, [f"{FILE}: ok", *([warning] if lacks else [])])


def test_where_even_the_control_has_no_practice_the_market_has_one(check: Check) -> None:
    code, said = check(changed("control: {use: current_practice}", "control: {}"))
    assert (code, len(said)) == (0, 2)
    assert said[1].startswith(f"warning: {FILE}:11:3: arms.control: has no `use`, so it has no newsletter")


BYTES = {
    "gbk": (
        GOOD.replace("What is wrong", "哪里不对").encode("gbk"),
        "3:11: the file is probably saved as GBK; save it as UTF-8",
    ),
    "utf-16": (GOOD.encode("utf-16"), "1:1: the file is saved as UTF-16; save it as UTF-8"),
    "control character": (GOOD.encode() + b"\x00", "16:1: character U+0000 is not allowed in YAML; remove it"),
    "empty": (b"", "1:1: the file is empty; write a mapping such as 'name: my_scenario'"),
    "text": (b"hello", "1:1: the file holds 'hello', not a mapping of 'key: value' lines"),
    "two documents": (
        GOOD.encode() + b"---\na: 1\n",
        "16:1: a second document starts here; keep one document in a file",
    ),
    "endless nesting": (b"a: " + b"[" * 200_000, "1:54: a[0][0]: nested deeper than 50 levels; flatten it"),
    "endless list": (
        b"a: [" + b"1," * 200_000 + b"1]",
        "1:199999: a[99997]: more than 100,000 values in one file; split it",
    ),
    "too large": (b"a: 1\n" + b"#" * 6_000_000, " larger than 5 MB; keep data in a table, not in YAML"),
}


@pytest.mark.parametrize("name", BYTES)
def test_a_file_that_is_no_scenario_at_all(check: Check, name: str) -> None:
    content, line = BYTES[name]
    assert check(content) == (2, [f"error: {FILE}:{line}"])


def test_an_alias_bomb_does_not_go_off(check: Check) -> None:
    layers = [
        f"{here}: &{here} [{', '.join([f'*{below}'] * 9)}]" for below, here in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    code, said = check("a: &a [1, 1, 1]\n" + "\n".join(layers))
    assert (code, said) == (2, [f"error: {FILE}:2:8: b[0]: alias '*a' is not allowed; write the value out"])


def test_all_problems_come_in_one_go(check: Check) -> None:
    bad = GOOD.replace("30d", "30").replace("60%", "50%").replace("[weekly_campaign]", "[weekly]")
    bad = bad.replace("first_purchase_rate", "first_purchases").replace("current_practice}", "practice}")
    code, said = check(bad + "colour: red\ndesk: {content: advise, cost: -1 CNY}\n")
    places = [re.match(rf"error: {FILE}:(\d+):\d+: ([\w.\[\]]+): ", line) for line in said]
    assert code == 2
    assert [(place[1], place[2]) for place in places if place] == [
        ("6", "horizon"),
        ("9", "population.segments"),
        ("11", "arms.control.use"),
        ("12", "arms.campaign.orchestration[0]"),
        ("14", "measure.primary"),
        ("16", "colour"),
        ("17", "desk.cost"),
    ]
    assert len(said) == len(places)


@pytest.mark.parametrize(
    ("old", "new", "slip"),
    [
        ("  control:", '  "one more!": {}\n  control:', r"11:3: arms.one more!: 'one more!' is not a name"),
        ("  control:", "  more: {uses: silence}\n  control:", "11:10: arms.more.uses: unknown key 'uses'; did"),
        ("use: current_practice}", "use: 3}", "11:18: arms.control.use: 3 is not a name"),
    ],
)
def test_names_of_arms_are_checked_whatever_else_is_wrong_with_the_arms(
    check: Check, old: str, new: str, slip: str
) -> None:
    """An arm that is not valid is an arm all the same: others are told of their own slips, not that it is missing."""
    bad = GOOD.replace(old, new, 1).replace("[weekly_campaign]", "[weekly]")
    code, said = check(bad.replace("measure:", "measure:\n  ladder: [control, campain]"))
    wrong = [slip, r"\d+:\d+: arms.campaign.orchestration.0.: unknown orchestration plug-in 'weekly'",
             r"\d+:\d+: measure.ladder.1.: unknown arm 'campain'; did you mean 'campaign'"]  # fmt: skip
    assert code == 2 and len(said) == len(wrong)
    assert all(re.match(f"error: {FILE}:{each}", line) for each, line in zip(wrong, said, strict=True)), said


def test_a_scenario_that_extends_nothing_is_told_what_to_extend(check: Check) -> None:
    code, said = check(changed("extends: markets/base.yaml\n", ""))
    assert code == 2
    assert f"error: {FILE}:1:1: behaviour: missing key 'behaviour'; add it" in said
    assert said[-1].startswith(
        f"error: {FILE}:1:1: extends: this file extends nothing; 'extends: markets/base.yaml' brings"
    )


BOOKS = {
    "no file": (None, ["scenarios/book.csv: no such file"]),
    "impossible values": (
        "customer,age,income,product,issued\n1,300,1,medical,2020-01-01\n2,30,-5,medicall,2035-01-01\n",
        [
            "row 2: age: '300' is above 120",
            "row 3: product: unknown product 'medicall'; did you mean 'medical'?",
            "row 3: issued: 2035-01-01 is not before 2025-12-26",
            "row 3: income: '-5' is below 0",
        ],
    ),
    "missing values": (
        "customer,age\n1,\n,30\n",
        ["row 2: age: the value is missing", "row 3: customer: the value is missing"],
    ),
}


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_that_cannot_be_used(check: Check, root: Path, name: str) -> None:
    content, wanted = BOOKS[name]
    book = root / "scenarios" / "book.csv"
    book.unlink(missing_ok=True)
    if content is not None:
        book.write_text(content)
    population = GOOD[GOOD.index("  size") : GOOD.index("arms:")]
    code, said = check(changed(population, "  book: {from: book.csv, segment: mainstream}\n"))
    assert code == 2
    assert len(said) == len(wanted), said
    for line, part in zip(said, wanted, strict=True):
        assert line.startswith("error: scenarios/book.csv:")
        assert part in line


def test_a_strategy_that_cannot_be_imported_stops_every_scenario(check: Check, root: Path) -> None:
    broken = root / "strategies" / "orchestration" / "broken.py"
    broken.write_text("import math\n\nmath.nonesuch()\n")
    try:
        code, said = check(GOOD)
    finally:
        broken.unlink()
    assert (code, len(said)) == (2, 1), said
    assert said[0].startswith("error: strategies/orchestration/broken.py:3: AttributeError: module 'math' has no attri")


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (
            "products: {accident: {value: {margin: 0%, renewal_margin: 0%}}}",
            "16:39: products.accident.value.margin: is 0: what is sold of accident is worth nothing to us",
        ),
        (
            "market: {price_wars: {w: {by: us, start: 2026-02-01, lasts: 9d, cut: 9%, weight: 1, "
            "products: [free_cover]}}}",
            "16:96: market.price_wars.w.products[0]: free_cover is free: there is nothing to cut",
        ),
        (
            "market: {withdrawals: {o: {product: medical, announced: 2026-01-07, last_day: 2026-01-09}}, price_wars: "
            "{w: {by: us, start: 2026-02-01, lasts: 9d, cut: 9%, weight: 1, products: [medical]}}}",
            "16:179: market.price_wars.w.products[0]: medical is withdrawn before 2026-02-01: the cut changes nothing",
        ),
        (
            "desk: {seats: {seniors: {per_10k: 0}, juniors: {calls_per_hour: 0}}}",
            "16:8: desk.seats: nobody in branch 'main' with 2,000 customers can take a call; raise per_10k or "
            "calls_per_hour of a group of seats",
        ),
        (
            "desk: {seats: {seniors: {talks: exponential}, juniors: {per_10k: 0}}}",
            "16:8: desk.seats: nobody in branch 'main' with 2,000 customers can take a call; raise per_10k or "
            "calls_per_hour of a group of seats",
        ),
    ],
)
def test_what_changes_nothing_is_a_warning(check: Check, more: str, wanted: str) -> None:
    code, said = check(f"{GOOD}{more}\n")
    assert (code, said[1:]) == (0, [f"warning: {FILE}:{wanted}"])
