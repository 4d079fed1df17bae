"""Metrics of agents and seats: ratios of two sums over tiers and branches, from the tables of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Days of a month, on average.
MONTH_DAYS = 365 / 12
_HOUR, _FEN = 3_600.0, 0.01


@dataclass(frozen=True)
class AgentMetric:
    """A ratio of two sums, or one sum where there is no denominator, from the fork to the end of the horizon.

    Attributes
    ----------
    unit
        ``share``, ``CNY``, ``hours``, ``index`` or ``count``.
    top, bottom
        Measures that are added up, of the tables ``agents`` and ``desks``; see ``docs/architecture.md``.
    scale
        The value is scale x numerator / denominator.
    """

    label_en: str
    label_zh: str
    unit: str
    numerator: str
    denominator: str
    numerator_zh: str
    denominator_zh: str
    top: tuple[str, ...]
    bottom: tuple[str, ...] = ()
    scale: float = 1.0


_AGENT_MONTH, _AGENT_MONTH_ZH = "months that agents were there", "代理人在岗月数"
_CONCLUDED, _CONCLUDED_ZH = "leads taken since the fork whose follow-up is over", "分叉后承接且跟进期已满的线索"

#: By name, in the order in which reports show them.
AGENT_METRICS: Mapping[str, AgentMetric] = {
    "conversion": AgentMetric(
        "Leads converted", "线索转化率", "share",
        "of these leads, those of which a policy came in time", _CONCLUDED,
        "其中在跟进期内承保的线索", _CONCLUDED_ZH, ("ripe_won",), ("ripe",),
    ),
    **{
        f"conversion_{grade}": AgentMetric(
            f"Leads converted, grade {grade.upper()}", f"{grade.upper()} 级线索转化率", "share",
            "of these leads, those of which a policy came in time", f"{_CONCLUDED}, grade {grade.upper()}",
            "其中在跟进期内承保的线索", f"{_CONCLUDED_ZH}（{grade.upper()} 级）",
            (f"ripe_won_{grade}",), (f"ripe_{grade}",),
        )
        for grade in "abcd"
    },
    "premium": AgentMetric(
        "New annualised premium", "年化新保", "CNY", "annual premium of policies sold, free cover left out", "",
        "售出保单的年化保费（不含赠险）", "", ("ape_fen",), (), _FEN,
    ),
    "nbv": AgentMetric(
        "New business value before cost", "新业务价值（未减成本）", "CNY",
        "margin on the annual premium of policies sold, those given back later included", "",
        "售出保单年化保费的价值率部分（含其后退保者）", "", ("nbv_fen",), (), _FEN,
    ),
    "policies": AgentMetric(
        "Policies sold", "承保件数", "count", "policies sold, free cover left out", "", "售出保单件数（不含赠险）", "",
        ("policies",),
    ),
    "own_policies": AgentMetric(
        "Policies from own business", "自营承保件数", "count",
        "policies that serving agents sold without a lead from head office", "",
        "服务代理人在无总部线索时售出的保单", "", ("own_policies",),
    ),
    "bypassed": AgentMetric(
        "Policies sold past the serving agent", "绕过服务代理人的承保件数", "count",
        "policies that others, or nobody, sold to customers whom an agent serves", "",
        "由他人或线上售予有服务代理人客户的保单", "", ("bypassed",),
    ),
    "first_contact_hours": AgentMetric(
        "Time to first contact", "首次跟进时长", "hours",
        "time from the request to the conversation, or to the first try of one", "leads taken",
        "从提出需求到通话（或首次拨打）的时间", "已承接的线索", ("wait_seconds",), ("taken",), 1 / _HOUR,
    ),
    "hours_to_grade": AgentMetric(
        "From behaviour to grade", "从行为到评级时长", "hours",
        "time from what made the lead to its first grade", "leads graded for the first time",
        "从产生线索的行为到首次评级的时间", "首次评级的线索", ("grade_seconds",), ("graded",), 1 / _HOUR,
    ),
    "hours_to_agent": AgentMetric(
        "From grade to agent", "从评级到代理人时长", "hours",
        "time from the first grade to the conversation, or to the first try of one",
        "leads that an agent or a seat took for the first time",
        "从首次评级到首次通话（或首次拨打）的时间", "首次由代理人或坐席承接的线索",
        ("agent_seconds",), ("taken_first",), 1 / _HOUR,
    ),
    "follow_up_rate": AgentMetric(
        "Leads followed up", "线索跟进率", "share", "of these leads, those taken up", "leads given to agents and seats",
        "其中被承接的线索", "分配给代理人与坐席的线索", ("taken",), ("taken", "ignored"),
    ),
    "utilisation": AgentMetric(
        "Time used (the rest is idle)", "坐席利用率（其余为空闲）", "share",
        "of these slots, those spent on leads: conversations, steps of work in hand, ways to visits, dials",
        "slots for head-office leads",
        "其中用于线索的时段：通话、后续跟进步骤、上门往返与清洗拨打", "可用于总部线索的时段",
        ("used_slots",), ("capacity",),
    ),
    "overflow": AgentMetric(
        "Requests that nobody answered", "溢出率", "share", "of these requests, those given up",
        "requests that ended by an answer or by giving up",
        "其中放弃的请求", "以应答或放弃结束的请求", ("gave_up",), ("gave_up", "granted"),
    ),
    "service_level": AgentMetric(
        "Leads contacted in time", "线索及时跟进率", "share",
        "of these leads, those contacted within the service level of the scenario",
        "leads contacted, or not yet when the time was over or the customer gave up; of a tier, those it contacted",
        "其中在规定时限内首次联系的线索", "已首次联系、逾时未联系或客户已放弃的线索；分层级时为该层级首次联系者",
        ("contacted_in_time",), ("service_due",),
    ),
    "connect_rate": AgentMetric(
        "Dials that connect", "接通率", "share", "of these dials, those that connected",
        "dials of seats that clean leads",
        "其中接通的拨打", "清洗坐席的拨打次数", ("connected",), ("dials",),
    ),
    "effective_rate": AgentMetric(
        "Effective conversations", "有效通话率", "share",
        "of these conversations, those that left the lead qualified, or to be called later",
        "dials of seats that clean leads, connected", "其中使线索合格或约定再联系的通话", "清洗坐席接通的拨打",
        ("effective",), ("connected",),
    ),
    "qualified_share": AgentMetric(
        "Leads qualified", "清洗合格率", "share", "of these leads, those qualified",
        "leads qualified or dropped by seats",
        "其中合格的线索", "经清洗合格或放弃的线索", ("qualified",), ("qualified", "dropped"),
    ),
    "dialling_utilisation": AgentMetric(
        "Time used of seats that clean leads", "清洗坐席利用率", "share", "dials", "dials that these seats can make",
        "拨打次数", "清洗坐席可拨打次数", ("dials",), ("dial_capacity",),
    ),
    "lost": AgentMetric(
        "Leads lost", "流失线索", "count", "leads of which no policy came in time", "", "跟进期内未承保的线索", "",
        ("lost",),
    ),
    "recycled": AgentMetric(
        "Leads taken again", "回收再分配线索", "count", "leads taken that had come back from an agent", "",
        "由代理人退回后再次被承接的线索", "", ("taken_again",),
    ),
    "recycled_premium": AgentMetric(
        "Premium of leads taken again", "回收线索新保", "CNY",
        "annual premium of policies sold on leads that had come back from an agent", "",
        "由代理人退回、再次承接后成交的线索的年化保费", "", ("recycled_ape_fen",), (), _FEN,
    ),
    "recycled_nbv": AgentMetric(
        "New business value of leads taken again", "回收线索新业务价值", "CNY",
        "margin on the annual premium of policies sold on leads that had come back from an agent, before cost", "",
        "由代理人退回、再次承接后成交的线索的年化保费价值率部分（未减成本）", "", ("recycled_nbv_fen",), (), _FEN,
    ),
    "premium_per_slot": AgentMetric(
        "Premium per slot", "单位时段保费", "CNY", "annual premium of policies sold", "slots for head-office leads",
        "售出保单的年化保费", "可用于总部线索的时段", ("staff_ape_fen",), ("capacity",), _FEN,
    ),
    "cost_per_policy": AgentMetric(
        "Cost of agents per policy", "单件人力成本", "CNY",
        "wages of agents, their first-year commission, and what is paid for levers",
        "policies sold by agents", "代理人工资、首年佣金与培训等投入",
        "代理人承保件数", ("wages_fen", "commission_fen", "levers_fen"), ("agents_policies",), _FEN,
    ),
    "activity_rate": AgentMetric(
        "Active agents", "活动率", "share", "of these months, those with a policy sold",
        "calendar months of agents there at the end of them", "其中有承保的月份", "月末在岗代理人的自然月数",
        ("active_months",), ("agent_months",),
    ),
    "activity": AgentMetric(
        "Activity volume", "活动量", "count",
        "first conversations about leads, further tries to reach customers, and steps of work on leads in hand",
        _AGENT_MONTH, "线索首次通话、再次拨打与后续跟进步骤的次数", _AGENT_MONTH_ZH,
        ("activities",), ("agent_days",), MONTH_DAYS,
    ),
    "activity_tries": AgentMetric(
        "Activity volume: further tries", "活动量：再次拨打", "count", "further tries to reach customers of leads",
        _AGENT_MONTH, "为联系上线索客户而再次拨打的次数", _AGENT_MONTH_ZH, ("try_slots",), ("agent_days",), MONTH_DAYS,
    ),
    "activity_steps": AgentMetric(
        "Activity volume: steps of work", "活动量：后续跟进步骤", "count", "steps of work done on leads in hand",
        _AGENT_MONTH, "在跟线索完成的后续步骤数", _AGENT_MONTH_ZH, ("steps_done",), ("agent_days",), MONTH_DAYS,
    ),
    "premium_per_agent": AgentMetric(
        "Premium per agent and month", "人均产能", "CNY", "annual premium of policies sold by agents", _AGENT_MONTH,
        "代理人售出保单的年化保费", _AGENT_MONTH_ZH, ("agents_ape_fen",), ("agent_days",), _FEN * MONTH_DAYS,
    ),
    "policies_per_agent": AgentMetric(
        "Policies per agent and month", "人均件数", "count", "policies sold by agents", _AGENT_MONTH,
        "代理人售出保单件数", _AGENT_MONTH_ZH, ("agents_policies",), ("agent_days",), MONTH_DAYS,
    ),
    "unevenness": AgentMetric(
        "Unevenness of good leads (Gini)", "优质线索分配不均度（基尼系数）", "index",
        "Gini coefficient of leads of grades A and B over agents of a tier and branch, by time there",
        _AGENT_MONTH, "同一分公司与层级内 A、B 级线索按在岗时间的基尼系数", _AGENT_MONTH_ZH,
        ("uneven_days",), ("good_days",),
    ),
    "retention_13_months": AgentMetric(
        "Recruits retained for 13 months", "13个月留存率", "share", "of these recruits, those still there",
        "recruits whose 13 months ended since the fork", "其中仍在岗者", "分叉后满13个月的新人",
        ("retained",), ("recruits",),
    ),
    "cannibalised": AgentMetric(
        "Cannibalised policies", "蚕食保单", "count",
        "policies sold past the serving agent who, in the control under the same luck, sold the customer one of the "
        "same family by the end of the horizon that is missing in the arm; customers present at the fork", "",
        "绕过服务代理人售出、且对照组中（相同随机性、期末前）由服务代理人向同一客户售出同类保单、而本组缺失的保单；"
        "限分叉时在册客户",
        "", ("cannibalised",),
    ),
    "cannibalised_share": AgentMetric(
        "Cannibalised among policies sold past the agent", "蚕食率", "share", "of these policies, those cannibalised",
        "policies sold past the serving agent since the fork, to customers present at the fork",
        "其中的蚕食保单", "分叉后绕过服务代理人售予分叉时在册客户的保单", ("cannibalised",), ("past",),
    ),
    "orphaned": AgentMetric(
        "Customers orphaned", "新增孤儿客户", "count", "customers whose serving agent left", "",
        "服务代理人离职的客户", "", ("orphaned",),
    ),
    "followed": AgentMetric(
        "Orphans who followed their agent", "随代理人流失的孤儿客户", "count",
        "orphans who followed their agent to a competitor", "", "随原代理人转至同业的孤儿客户", "", ("followed",),
    ),
    "assigned": AgentMetric(
        "Orphans taken over", "已接手孤儿客户", "count", "orphans who were told of a new agent, specialist or seat", "",
        "已被告知新服务人员的孤儿客户", "", ("assigned",),
    ),
    "waiting": AgentMetric(
        "Orphans for whom nobody has room", "等待接手的孤儿客户", "count",
        "orphans due to be taken over at the end, for whom nobody of the tier had room", "",
        "期末已到接手时间而该层级无余量接手的孤儿客户", "", ("waiting",),
    ),
}  # fmt: skip


def described_of_agents() -> dict[str, dict[str, str]]:
    """What every metric is, for the manifest of a run."""
    keys = ("label_en", "label_zh", "unit", "numerator", "denominator", "numerator_zh", "denominator_zh")
    return {name: {key: getattr(metric, key) for key in keys} for name, metric in AGENT_METRICS.items()}
