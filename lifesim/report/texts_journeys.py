"""Journeys on the page of a run, in words. A key maps to a pair (English, Chinese)."""

from __future__ import annotations

JOURNEYS: dict[str, tuple[str, str]] = {
    "journeys.heading": ("Journeys", "客户旅程"),
    "journeys.lead": (
        "What each journey did, all replications together: times, not customers, unless it says so. Whoever came in "
        "shortly before the end had little time to reach the goal: conversion and its time are too low. How customers "
        "went from step to step is shown by “lifesim journey show NAME --run DIR”.",
        "各旅程的执行情况，合计全部重复；除注明外均为次数而非人数。"
        "临近期末才进入者来不及达成目标，因此转化率与转化周期偏低。"
        "客户在各步骤间的流转见“lifesim journey show 名称 --run 目录”。",
    ),
    "journeys.journey": ("Journey", "旅程"),
    "journeys.rate": ("Figure", "指标"),
    "journeys.top": ("Numerator", "分子"),
    "journeys.bottom": ("Denominator", "分母"),
    "journeys.value": ("Value", "数值"),
    "journeys.days": ("{days} days", "{days} 天"),
    "rate.reach": ("Delivered ÷ requested", "触达率（送达÷请求）"),
    "rate.open": ("Opened ÷ delivered", "打开率（打开÷送达）"),
    "rate.part": ("Took part ÷ entered", "活动渗透率（参与÷进入）"),
    "rate.contact": ("Left contact details ÷ delivered", "留资率（留资÷送达）"),
    "rate.booked": ("Booked ÷ invited", "预约率（预约÷受邀）"),
    "rate.came": ("Came ÷ invited", "到访率（到访÷受邀）"),
    "rate.kept": ("Came ÷ booked", "赴约率（到访÷预约）"),
    "rate.wecom": ("Accepted on WeCom ÷ asked", "企微添加通过率（通过÷邀请）"),
    "rate.gap": ("Gaps assessed ÷ entered", "缺口评估率（评估次数÷进入）"),
    "rate.week_beginning": (
        "Visited within a week of the benefit's beginning ÷ took it",
        "7日留存率·权益期内（开始后一周内来访÷领取）",
    ),
    "rate.week_end": (
        "Visited within a week of the benefit's end ÷ took it",
        "7日留存率·权益期后（结束后一周内来访÷领取）",
    ),
    "rate.made": ("Proposals made ÷ entered", "计划书制作率（出具÷进入）"),
    "rate.proposal": ("Proposals read ÷ made", "计划书浏览率（浏览÷出具）"),
    "rate.converted": ("Reached the goal ÷ entered", "目标转化率（达成÷进入）"),
    "rate.cycle": ("Time from entry to the goal, mean", "转化周期（自进入至达成，均值）"),
    "selection.heading": ("Those who came into a journey", "旅程参与者"),
    "selection.lead": (
        "Whoever takes part is another kind of customer to begin with. The naive difference compares participants with "
        "everyone in the same arm: it shows who they are. The paired effect compares the same customers with "
        "themselves in the control: it shows what the arm did to them. Where customers come in by something that the "
        "arm itself brings about, such as a purchase, those for whom it went well are picked out, and the effect is "
        "too favourable. Customers present at the fork.",
        "参与者本就与其他客户不同。“表观差异”是参与者与同组全体客户之差，反映的是他们是谁；"
        "“配对效果”是同一批客户与其自身在对照组中的结果之差，反映策略的作用。若进入条件本身受策略影响（如投保），"
        "则结果较好者更易入选，效果会偏好。仅统计分叉时在册的客户。",
    ),
    "selection.customers": ("Customers, mean", "客户数（均值）"),
    "selection.rate": ("Participants", "参与者"),
    "selection.everyone": ("Everyone", "全体客户"),
    "selection.naive": ("Naive difference", "表观差异"),
    "selection.control": ("The same in the control", "同一批客户（对照组）"),
    "selection.effect": ("Paired effect", "配对效果"),
}
