"""What rules of the contact policy cost, in words.

A key maps to a pair (English, Chinese).
"""

from __future__ import annotations

RULES: dict[str, tuple[str, str]] = {
    # on the page of a run
    "rules.own": ("A contact policy of its own, with the rules {rules}", "自有触达政策，规则：{rules}"),
    "rules.none": ("A contact policy of its own, without rules", "自有触达政策，不设规则"),
    "rules.held": ("Held back in a replication: {reasons}", "每次重复中被拦截的触达：{reasons}"),
    "rules.by": ("{count} by {reason}", "{reason} {count} 次"),
    "rules.reason.consent": ("consent", "未同意"),
    "rules.reason.reach": ("reach", "无法触达"),
    "rules.reason.purpose": ("no consent for the purpose", "未同意该用途"),
    "rules.reason.cap": ("marketing_cap", "总频次上限"),
    "rules.reason.targeting": ("refusal of targeting", "拒绝定向推送"),
    "rules.reason.quiet": ("quiet hours", "免打扰时段"),
    "rules.reason.holdout": ("the holdout", "全局留置组"),
    "rules.reason.priority": ("priority", "优先级"),
    # of the command
    "rules.heading": (
        "{scenario}, arm {arm}: what would change without each rule of the contact policy",
        "{scenario}，策略组{arm}：若取消触达政策中的各项规则，会有何变化",
    ),
    "rules.lead": (
        "For 10,000 customers with 95% intervals, same luck, {replications} replications.",
        "每万客户的差异及其 95% 区间，运气相同，共 {replications} 次重复。",
    ),
    "rules.held_back": ("{rule}: held back {count} touches", "{rule}：拦截触达 {count} 次"),
    "rules.rule": ("{rule}", "{rule}"),
    "rules.policies_per_10k": ("policies", "保单件数"),
    "rules.nbv_per_10k": ("new business value, CNY", "新业务价值（元）"),
    "rules.opt_out_rate": ("opt-outs", "退订次数"),
    "rules.complaints_per_10k": ("complaints", "投诉件数"),
    "rules.touches_per_customer": ("touches sent", "发送触达次数"),
    "rules.costs": ("This rule costs {count} policies.", "这项规则使保单减少 {count} 件。"),
    "rules.brings": ("This rule brings {count} policies.", "这项规则使保单增加 {count} 件。"),
    "rules.unclear": (
        "These replications do not tell whether it costs policies.",
        "从这些重复中看不出它是否影响保单件数。",
    ),
    "rules.same": ("It changes nothing here.", "在此它不改变任何结果。"),
}
