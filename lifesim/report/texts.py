"""What a run found, in words: answers, verdicts, tables and figures.

A key maps to a pair (English, Chinese).
"""

from __future__ import annotations

FINDINGS: dict[str, tuple[str, str]] = {
    "title": ("{name}: what each strategy would change", "{name}：各策略会带来什么改变"),
    "na": ("n/a", "无数据"),
    "interval": ("{low} to {high}", "{low} 至 {high}"),
    "value_interval": ("{value} ({interval})", "{value}（{interval}）"),
    "label_unit": ("{label} ({unit})", "{label}（{unit}）"),
    "amount": ("{value} {unit}", "{value} {unit}"),
    "points": ("{value} percentage points", "{value} 个百分点"),
    "points.short": ("{value} pp", "{value} 百分点"),
    "list_separator": (", ", "、"),
    # arms that see what no insurer sees
    "oracle.tag": ("oracle", "全知视角"),
    "oracle.why": (
        "sees what no insurer can see: an upper bound, not a strategy",
        "使用了保险公司看不到的信息：只是效果上限，不是可用的策略",
    ),
    "oracle.name": ("{arm} [{tag}]", "{arm} [{tag}]"),
    "oracle.note": ("Marked “{tag}”: {why}.", "标有“{tag}”者：{why}。"),
    "arm.quoted": ("“{arm}”", "“{arm}”"),
    "arm.quoted_oracle": ("“{arm}” ({tag}: {why})", "“{arm}”（{tag}：{why}）"),
    # few replications
    "few.banner": (
        "Only {replications} replications. With fewer than {few}, an interval rests on too few worlds: take every "
        "difference on this page as a hint, and run again with more before anything is decided.",
        "只有 {replications} 次重复。少于 {few} 次时，区间所依据的世界太少：本页的所有差异都只是线索，"
        "做任何决定之前请增加重复次数再运行。",
    ),
    # verdicts on an effect
    "verdict.better": ("better", "更好"),
    "verdict.worse": ("worse", "更差"),
    "verdict.higher": ("higher", "更高"),
    "verdict.lower": ("lower", "更低"),
    "verdict.hint": ("hint", "线索"),
    "verdict.unclear": ("unclear", "不明确"),
    "verdict.few": ("too few", "事件太少"),
    "verdict.none": ("n/a", "不可观测"),
    "verdict.same": ("none seen", "未见差异"),
    # the answer
    "answer.heading": ("The answer", "结论"),
    "worth.each": (
        "Every CNY that arm {arm} costs more than {control} brings {roi} CNY of new business value before cost "
        "({interval}); 1 would earn it back.",
        "策略组{arm}比{control}每多花 1 元，扣除成本前的新业务价值多 {roi} 元（{interval}）；等于 1 即收回成本。",
    ),
    "worth.interval": ("95% interval {interval}", "95% 区间 {interval}"),
    "harm.each": (
        "Each customer beside themselves: of 10,000, {harmed} are worse off in arm {arm} than in {control}, and "
        "{helped} better off ({reasons}).",
        "逐一对照同一客户：每万人中，{harmed} 人在策略组{arm}中比在{control}中差，{helped} 人更好（{reasons}）。",
    ),
    "harm.reason": ("{reason}: {harmed} worse, {helped} better", "{reason}：差 {harmed} 人，好 {helped} 人"),
    "harm.of_lost": ("lost in one of them only", "仅在其一流失"),
    "harm.of_lower_value": ("lower value of their policies", "保单价值更低"),
    "harm.of_complained": ("complained in one of them only", "仅在其一投诉"),
    "harm.coupling": (
        "These counts rest on customers having the same luck in both worlds; who in particular gains or loses is not "
        "known of anybody.",
        "以上人数以同一客户在两个世界中运气相同为前提；并不能据此断定任何一位具体客户的得失。",
    ),
    "worth.hardly": (
        "The cost of arm {arm} hardly differs from that of {control}: the interval of the difference includes 0, so "
        "that a return on it cannot be told.",
        "策略组{arm}与{control}的成本相差无几：差额的区间包含 0，无法判断投入回报。",
    ),
    "worth.few": (
        "Arm {arm} costs more than {control}, but in {differing} of {replications} replications alone does their new "
        "business differ in value: too few to tell a return.",
        "策略组{arm}的成本高于{control}，但 {replications} 次重复中仅 {differing} 次的新业务价值有别，难判回报。",
    ),
    "worth.alone": (
        "Arm {arm} cost more than {control} in one replication; what it returns takes at least two.",
        "策略组{arm}在一次重复中的成本高于{control}；判断投入回报至少需要两次重复。",
    ),
    "worth.hint": ("With fewer than five replications this is a hint.", "重复少于五次，仅供参考。"),
    "answer.everyone": (
        "Everyone is counted, those whom acquisition brought after the fork too, per customer present at the fork.",
        "统计全部客户，含分叉后由获客带来的客户；分母为分叉时在册的客户。",
    ),
    "answer.ceiling": (
        "The most that any strategy could add to {metric} is {rest} percentage points: with {control} it is {before}.",
        "{metric}在{control}下为 {before}，任何策略最多还能提高 {rest} 个百分点。",
    ),
    "ladder.heading": ("What each part adds", "各组成部分的贡献"),
    "ladder.lead": (
        "Every arm below grows out of the one before it, and is compared with that one. The parts add up to the effect "
        "of the last arm; what a part adds depends on what is there already.",
        "下列各组依次在前一组的基础上增加一部分，并与前一组比较。各部分之和即最后一组的效果；每一部分的贡献取决于之前已有的内容。",
    ),
    "ladder.before_mean": ("Its mean", "比较对象均值"),
    "ladder.before": ("Compared with", "比较对象"),
    "ladder.terminal": (
        "What each part adds to {metric}, one after the other, from {start} on (95% intervals):",
        "各部分依次对{metric}的贡献，自{start}起（95% 区间）：",
    ),
    "ladder.rung": ("  {arm}: {effect} ({interval})", "  {arm}：{effect}（{interval}）"),
    "answer.year": ("In the simulated year", "在模拟的一年中"),
    "answer.years": ("In the {years} simulated years", "在模拟的 {years} 年中"),
    "answer.days": ("In the {days} simulated days", "在模拟的 {days} 天中"),
    "answer.changed": (
        "{period}, arm {arm} changed {metric} from {before} to {after} against {control}: {effect} "
        "(95% interval {interval}; {replications} replications){meaning}. Verdict: {verdict}.",
        "{period}，策略组{arm}与{control}相比，使{metric}从 {before} 变为 {after}：{effect}"
        "（95% 区间 {interval}；{replications} 次重复）{meaning}。判断：{verdict}。",
    ),
    "answer.unclear": (
        "{period}, arm {arm} made no clear difference to {metric} against {control}: {before} and {after}, "
        "{effect}, and the interval includes 0 (95% interval {interval}; {replications} replications).",
        "{period}，策略组{arm}与{control}相比，{metric}没有明确差异：由 {before} 到 {after}，{effect}，"
        "区间包含 0（95% 区间 {interval}；{replications} 次重复）。",
    ),
    "answer.few": (
        "{period}, arm {arm} changed {metric} from {before} to {after} against {control}: {effect}, but in "
        "{differing} of {replications} replications only: too few events to tell.",
        "{period}，策略组{arm}与{control}相比，使{metric}从 {before} 变为 {after}：{effect}，"
        "但 {replications} 次重复中仅有 {differing} 次出现差异：事件太少，无法判断。",
    ),
    "answer.same": (
        "{period}, there was no difference seen in {metric} between arm {arm} and {control}: "
        "{after} in both, equal in each of {replications} replications.",
        "{period}，策略组{arm}与{control}的{metric}未见差异：均为 {after}，{replications} 次重复中均相同。",
    ),
    "answer.no_interval": (
        "{period}, arm {arm} changed {metric} from {before} to {after} against {control}: {effect}. There is no "
        "interval (replications: {replications}), so this may be luck.",
        "{period}，策略组{arm}与{control}相比，使{metric}从 {before} 变为 {after}：{effect}。"
        "没有区间（重复次数：{replications}），可能只是运气。",
    ),
    "answer.more": (", about {count} more per 10,000 {of}", "，即每 1 万{of}约多 {count}"),
    "answer.fewer": (", about {count} fewer per 10,000 {of}", "，即每 1 万{of}约少 {count}"),
    "answer.rails_respected": ("All guardrails are respected.", "护栏指标全部守住。"),
    "answer.rails_exceeded": ("Guardrail exceeded: {names}.", "突破护栏指标：{names}。"),
    "answer.rails_open": ("Guardrails not settled: {names}.", "护栏指标未有定论：{names}。"),
    "answer.no_effect": (
        "{period}, the effect of arm {arm} on {metric} could not be observed.",
        "{period}，未能观察到策略组{arm}对{metric}的效果。",
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
        "lies beyond it, and unclear in between. Where arms differ in fewer than five replications, "
        "it is respected only if what was not seen could not break it.",
        "护栏指标规定某项指标最多可以恶化多少。区间中有害的一端仍在限度之内为“守住”，"
        "整个区间都超出限度为“突破”，介于两者之间为“不明确”。"
        "若有差异的重复少于五次，则只有当未观察到的事件也不足以突破限度时才算“守住”。",
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
        "Mean of paired differences over {replications}. pp: percentage points. Verdict: from the interval shown, "
        "that of the effect; unclear: it includes 0, or there is none; none seen: no difference seen in any "
        "replication; too few: fewer than five differ, too few events to tell; n/a: not observable in this horizon.",
        "配对差的均值，共 {replications}。判断依据所示的效果区间；不明确：区间包含 0，或没有区间；"
        "未见差异：各次重复均无差异；事件太少：有差异的重复少于五次，无法判断；不可观测：观察期不足。",
    ),
    "table.more": (
        "{count} more metrics, which no arm moves clearly, are on the page.",
        "另有 {count} 个指标，各策略组均无明确差异，见页面。",
    ),
    "table.hints": ("With fewer than {few} replications: hints only.", "重复少于 {few} 次，只作线索。"),
    "table.replications": ("{count} replications", "{count} 次重复"),
    "table.replications_range": (
        "{least} to {most} replications, depending on the row",
        "{least} 至 {most} 次重复（各行不同）",
    ),
    "table.rail": (
        "{label}, {arm}: {verdict} (effect {effect}, 95% interval {interval}; limit {limit})",
        "{label}，{arm}：{verdict}（效果 {effect}，95% 区间 {interval}；限度 {limit}）",
    ),
    "effects.verdict_note": (
        "pp: percentage points. The verdict rests on the interval of the effect. The interval of the relative effect "
        "also carries the doubt about the control mean, so it may include 0 where the other does not.",
        "判断依据效果的区间。相对效果的区间还包含对照组均值的不确定性，因此有时效果区间不含 0，而它包含 0。",
    ),
    "effects.same_money": (
        "{arms}: {first} and {second} show the same effect. Second premiums of policies sold after the fork fall due "
        "after the horizon, so the two differ only where policies from before the fork are kept or lost.",
        "{arms}：{first}与{second}的效果相同。分叉后售出保单的第二期保费在观察期之后才到期，"
        "只有分叉前的保单续缴或流失有变化时，两者才会不同。",
    ),
    "table.empty": ("No effects for segment {segment}.", "客群 {segment} 没有效果数据。"),
    "segment.all": ("All customers", "全部客户"),
    "segment.one": ("Segment: {segment}", "客群：{segment}"),
    "primary.mark": ("primary", "主要指标"),
    # figures
    "forest.heading": ("Effects at a glance", "效果一览"),
    "forest.group": ("{title}: {group}", "{title}：{group}"),
    "group.sales": ("sales", "销售"),
    "group.relationship": ("the customer relationship", "客户关系"),
    "group.money": ("money", "收支"),
    "group.contact": ("contact and use", "触达与使用"),
    "group.other": ("other metrics", "其他指标"),
    "forest.metrics": ("Relative effect on every metric", "对各指标的相对效果"),
    "forest.metrics_note": (
        "Effect as per cent of the control mean, with its 95% interval, all customers; each panel has its own scale. "
        "It is the interval of the effect, on which the verdict rests, divided by the control mean. A hollow mark: "
        "the interval includes 0, there is none, or there are too few replications. An arrow: the interval runs "
        "beyond the panel; the figures beside it are complete.",
        "效果以对照组均值的百分比表示，附 95% 区间，全部客户；每幅图刻度不同。所画的是判断所依据的效果区间，"
        "除以对照组均值。空心标记：区间包含 0、没有区间，或重复次数太少。"
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
    "unit.points": ("percentage points", "百分点"),
    "unit.plain": ("units of the metric", "指标自身的单位"),
    "stages.heading": ("Customers in each stage over time", "各阶段客户数随时间的变化"),
    "stages.note": (
        "Customers in the true stage by days since the fork; mean over replications, all "
        "branches and segments. Each panel has its own scale, which starts at 0 unless the lowest "
        "value is above half of the highest.",
        "按分叉后的天数，处于各真实阶段的客户数；为各次重复的均值，含全部分公司和客群。"
        "每幅图刻度不同；除非最低值高于最高值的一半，否则从 0 开始。",
    ),
    "stages.panel": ("{stage}: customers by day, per arm", "{stage}：各策略组每日客户数"),
    "stages.days": ("days since the fork", "分叉后的天数"),
    "stages.empty": ("The run holds no stage counts.", "本次运行没有阶段客户数。"),
    "legend.label": ("Arms", "策略组"),
    "stage.AWARENESS": ("Awareness", "潜在客户认知期"),
    "stage.FIRST_PURCHASE": ("First purchase decision", "首次投保决策期"),
    "stage.HOLDING": ("Holding the policy", "保单持有体验期"),
    "stage.RENEWAL_UPSELL": ("Renewal and upsell", "续保增额深化期"),
    "stage.CHURN_WARNING": ("Churn warning and win-back", "流失预警挽回期"),
    "stage.LOST": ("Lost", "已流失"),
}
