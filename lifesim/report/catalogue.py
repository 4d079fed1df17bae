"""Every sentence of the report, in English and Chinese side by side.

A key maps to a pair (English, Chinese). Names given by the user are values of placeholders and are
printed as they are.
"""

from __future__ import annotations

from difflib import get_close_matches

from lifesim.errors import InputError

LANGUAGES = ("en", "zh")
HTML_LANGUAGE = {"en": "en", "zh": "zh-CN"}

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("{name}: what each strategy would change", "{name}：各策略会带来什么改变"),
    "na": ("n/a", "无数据"),
    "interval": ("{low} to {high}", "{low} 至 {high}"),
    "value_interval": ("{value} ({interval})", "{value}（{interval}）"),
    "label_unit": ("{label} ({unit})", "{label}（{unit}）"),
    "amount": ("{value} {unit}", "{value} {unit}"),
    "points": ("{value} points", "{value} 个百分点"),
    "list_separator": (", ", "、"),
    # verdicts on an effect
    "verdict.better": ("better", "更好"),
    "verdict.worse": ("worse", "更差"),
    "verdict.higher": ("higher", "更高"),
    "verdict.lower": ("lower", "更低"),
    "verdict.unclear": ("unclear", "不明确"),
    "verdict.same": ("same", "相同"),
    # the answer
    "answer.heading": ("The answer", "结论"),
    "answer.year": ("In the simulated year", "在模拟的一年中"),
    "answer.years": ("In the {years} simulated years", "在模拟的 {years} 年中"),
    "answer.days": ("In the {days} simulated days", "在模拟的 {days} 天中"),
    "answer.changed": (
        "{period}, arm “{arm}” changed {metric} by {effect} against “{control}” "
        "(95% interval {interval}; {replications} replications): {verdict}.",
        "{period}，策略组“{arm}”与“{control}”相比，使{metric}变化了 {effect}"
        "（95% 区间 {interval}；{replications} 次重复）：{verdict}。",
    ),
    "answer.unclear": (
        "{period}, arm “{arm}” made no clear difference to {metric} against “{control}”: {effect}, "
        "and the interval includes 0 (95% interval {interval}; {replications} replications).",
        "{period}，策略组“{arm}”与“{control}”相比，{metric}没有明确差异：{effect}，"
        "区间包含 0（95% 区间 {interval}；{replications} 次重复）。",
    ),
    "answer.same": (
        "{period}, arm “{arm}” and “{control}” had exactly the same {metric} ({replications} replications).",
        "{period}，策略组“{arm}”与“{control}”的{metric}完全相同（{replications} 次重复）。",
    ),
    "answer.no_interval": (
        "{period}, arm “{arm}” changed {metric} by {effect} against “{control}”. There is no "
        "interval (replications: {replications}), so this may be luck.",
        "{period}，策略组“{arm}”与“{control}”相比，使{metric}变化了 {effect}。"
        "没有区间（重复次数：{replications}），可能只是运气。",
    ),
    "answer.no_effect": (
        "{period}, the effect of arm “{arm}” on {metric} could not be observed.",
        "{period}，未能观察到策略组“{arm}”对{metric}的效果。",
    ),
    "answer.none": (
        "The run holds no effect on the primary metric ({metric}), so there is no answer to give.",
        "本次运行没有主要指标（{metric}）的效果数据，无法给出结论。",
    ),
    "answer.no_primary": ("no primary metric named", "未指定主要指标"),
    # guardrails
    "guardrails.heading": ("Guardrails", "护栏指标"),
    "guardrails.lead": (
        "A guardrail allows a metric to get worse by no more than its limit. It is respected when "
        "the harmful end of the interval stays within the limit, exceeded when the whole interval "
        "lies beyond it, and unclear in between.",
        "护栏指标规定某项指标最多可以恶化多少。区间中有害的一端仍在限度之内为“守住”，"
        "整个区间都超出限度为“突破”，介于两者之间为“不明确”。",
    ),
    "guardrails.limit": ("Limit", "限度"),
    "guardrail.respected": ("respected", "守住"),
    "guardrail.exceeded": ("limit exceeded", "突破"),
    "guardrail.unclear": ("unclear", "不明确"),
    "guardrail.missing": ("not observed", "未观察到"),
    # tables
    "column.metric": ("Metric", "指标"),
    "column.arm": ("Arm", "策略组"),
    "column.control_mean": ("Control mean", "对照组均值"),
    "column.arm_mean": ("Arm mean", "策略组均值"),
    "column.effect": ("Effect", "效果"),
    "column.interval": ("95% interval", "95% 区间"),
    "column.relative": ("Relative effect", "相对效果"),
    "column.verdict": ("Verdict", "判断"),
    "table.arm": ("{arm} against {control}", "{arm}，对照 {control}"),
    "table.caption": (
        "Mean of paired differences over replications: {replications}. Share metrics: effect and "
        "interval in points. Unclear: the interval includes 0, or there is none.",
        "配对差的均值，重复次数：{replications}。比率类指标的效果和区间以百分点计。不明确：区间包含 0，或没有区间。",
    ),
    "table.empty": ("No effects for segment {segment}.", "客群 {segment} 没有效果数据。"),
    "segment.all": ("All customers", "全部客户"),
    "segment.one": ("Segment: {segment}", "客群：{segment}"),
    "primary.mark": ("primary", "主要指标"),
    # figures
    "forest.heading": ("Effects at a glance", "效果一览"),
    "forest.metrics": ("Relative effect on every metric", "对各指标的相对效果"),
    "forest.metrics_note": (
        "Per cent of the control mean, with 95% intervals, all customers. A hollow mark: the "
        "interval includes 0, or there is none. An arrow: the interval runs beyond the "
        "panel; the figures beside it are complete.",
        "以对照组均值的百分比表示，附 95% 区间，全部客户。空心标记：区间包含 0 或没有区间。"
        "箭头：区间超出图幅，旁边的数字是完整的。",
    ),
    "forest.not_shown": (
        "Not shown, because the relative effect is not defined: {metrics}.",
        "相对效果没有定义、未显示的指标：{metrics}。",
    ),
    "forest.segments": ("{metric}, by segment", "分客群：{metric}"),
    "forest.segments_note": (
        "Absolute effect on the primary metric in {unit}, with 95% intervals.",
        "对主要指标的绝对效果（单位：{unit}），附 95% 区间。",
    ),
    "forest.segments_missing": ("Not observed: {segments}.", "未观察到：{segments}。"),
    "forest.empty": ("There is no effect to draw.", "没有可绘制的效果。"),
    "unit.points": ("points", "百分点"),
    "unit.plain": ("units of the metric", "指标自身的单位"),
    "stages.heading": ("Customers in each stage over time", "各阶段客户数随时间的变化"),
    "stages.note": (
        "Customers in the true stage by days since the arms parted; mean over replications, all "
        "branches and segments. Each panel has its own scale, which starts at 0 unless the lowest "
        "value is above half of the highest.",
        "按各策略组分开后的天数，处于各真实阶段的客户数；为各次重复的均值，含全部分公司和客群。"
        "每幅图刻度不同；除非最低值高于最高值的一半，否则从 0 开始。",
    ),
    "stages.panel": ("{stage}: customers by day, per arm", "{stage}：各策略组每日客户数"),
    "stages.empty": ("The run holds no stage counts.", "本次运行没有阶段客户数。"),
    "legend.label": ("Arms", "策略组"),
    "stage.AWARENESS": ("Awareness", "潜在客户认知期"),
    "stage.FIRST_PURCHASE": ("First purchase decision", "首次投保决策期"),
    "stage.HOLDING": ("Holding the policy", "保单持有体验期"),
    "stage.RENEWAL_UPSELL": ("Renewal and upsell", "续保增额深化期"),
    "stage.CHURN_WARNING": ("Churn warning and win-back", "流失预警挽回期"),
    "stage.LOST": ("Lost", "已流失"),
    # effects
    "effects.heading": ("All effects", "全部效果"),
    "effects.lead": (
        "Customers present when the arms parted, with those they referred or who joined later "
        "counted as outcomes only.",
        "统计各策略组分开时已在册的客户；其转介和之后加入的客户只作为结果计入。",
    ),
    "everyone.heading": ("All effects, everyone counted", "全部效果（含后来加入者）"),
    "everyone.lead": (
        "The same metrics over all customers, those who joined later too.",
        "同样的指标，统计全部客户，包括后来加入的客户。",
    ),
    # metrics
    "metrics.heading": ("What is measured", "指标口径"),
    "metrics.numerator": ("Numerator", "分子"),
    "metrics.denominator": ("Denominator", "分母"),
    "metrics.window": ("Window", "统计窗口"),
    "metrics.better": ("Better when", "何者为好"),
    "better.higher": ("higher", "越高越好"),
    "better.lower": ("lower", "越低越好"),
    "better.neither": ("neither", "无好坏之分"),
    # how to read
    "read.heading": ("How to read this", "如何解读"),
    "read.paired": (
        "Paired worlds. Every arm runs in its own copy of the same synthetic world: same "
        "customers, same market, same luck. A difference between arms comes from the strategy.",
        "配对的世界。每个策略组都在同一个合成世界的副本中运行：同样的客户、同样的市场、同样的运气。"
        "各组之间的差异来自策略本身。",
    ),
    "read.replications": (
        "Replications. The run was repeated {replications} times, each time with a new population, "
        "market and luck. An effect is the mean of the differences; the interval shows how far "
        "they varied.",
        "重复。本次运行重复了 {replications} 次，每次重新抽取人群、市场和运气。"
        "效果是各次差异的均值，区间反映差异的波动。",
    ),
    "read.interval": (
        "Intervals are conditional on the model. They say how sure the simulation is of its own "
        "answer, not how sure it is that real customers behave like the model.",
        "区间以模型成立为前提。它说明模拟对自己的答案有多大把握，而不是真实客户与模型相符的把握。",
    ),
    "read.many": (
        "Many metrics. Where a strategy changes nothing, about one metric in twenty still looks "
        "better or worse by luck. The primary metric was named in advance; take the others as "
        "hints.",
        "指标众多。即使策略毫无作用，大约每二十个指标也会有一个碰巧显得更好或更差。"
        "主要指标是事先指定的，其余只作线索。",
    ),
    "read.assumptions": (
        "Assumptions. Customers are synthetic. Behaviour rests on published figures where they "
        "exist and on assumptions elsewhere; the facts command lists both. Review them, and "
        "confirm a promising strategy with a live test, before relying on a figure here.",
        "假设。客户是合成的。其行为有公开数据的以数据为依据，其余为假设；facts 命令会列出两者。"
        "在依赖这里的任何数字之前，请先审阅这些假设，并用真实测试验证有希望的策略。",
    ),
    # provenance
    "provenance.heading": ("Where this comes from", "数据来源"),
    "provenance.scenario": ("Scenario", "场景"),
    "provenance.version": ("lifesim version", "lifesim 版本"),
    "provenance.created": ("Created", "生成时间"),
    "provenance.seconds": ("Running time", "运行时间"),
    "provenance.seconds_value": ("{seconds} s", "{seconds} 秒"),
    "provenance.seed": ("Seed", "随机种子"),
    "provenance.replications": ("Replications", "重复次数"),
    "provenance.size": ("Customers at the start", "起始客户数"),
    "provenance.start": ("Arms part on", "各组分开之日"),
    "provenance.warm_up": ("Warm-up", "预热期"),
    "provenance.horizon": ("Horizon", "观察期"),
    "provenance.days": ("{days} days", "{days} 天"),
    "provenance.control": ("Control", "对照组"),
    "provenance.arms": ("Arms", "策略组"),
    "provenance.plugins": ("Plug-ins and their hashes", "插件及其哈希值"),
    "failures.heading": ("Parts of this run failed", "本次运行有部分失败"),
    "failures.lead": (
        "The results leave these parts out:",
        "结果不包含以下部分：",
    ),
}


class Catalogue:
    """The texts of one language; call it with a key and the values of its placeholders."""

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            close = get_close_matches(lang, LANGUAGES, n=1, cutoff=0.4)
            hint = f"did you mean '{close[0]}'?" if close else f"use {' or '.join(LANGUAGES)}"
            raise InputError(f"report language '{lang}' is unknown: {hint}")
        self.lang = lang
        self._column = LANGUAGES.index(lang)

    def __call__(self, key: str, **values: object) -> str:
        return TEXTS[key][self._column].format(**values)

    def stage(self, code: str) -> str:
        """Name of a stage; a code the catalogue does not know is printed as it is."""
        key = f"stage.{code}"
        return self(key) if key in TEXTS else printable(code)

    def segment(self, name: str) -> str:
        """Name of a segment: the user's own, except for everyone."""
        return self("segment.all") if name == "all" else printable(name)


def printable(value: object) -> str:
    """User-given text in one line, without control or direction characters.

    Terminals obey escape sequences and browsers direction overrides: a name must hold neither.
    """
    line = " ".join(str(value).split())
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
