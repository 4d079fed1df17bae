"""What entries, steps and ways are called in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lifesim.scenario.journeys import (
    ByCron,
    ByDate,
    Condition,
    DidNot,
    EngagementSplit,
    Enters,
    ExperimentPath,
    HandOver,
    Journey,
    Leaves,
    Notify,
    Once,
    OnEvent,
    OnLifeEvent,
    RandomSplit,
    Recurring,
    Reentry,
    Repeat,
    Send,
    Wait,
)
from lifesim.scenario.journeys.parsing import parse_triggers
from lifesim.scenario.journeys.steps import Pause, Responding, StepBase, ToAgent, Way
from lifesim.scenario.journeys.words import CHANNEL_WORDS, EVENTS
from lifesim.scenario.labels import labelled
from lifesim.scenario.quantities import format_clock_time, format_duration

#: By key: in English, in Chinese.
TEXTS: dict[str, tuple[str, str]] = {
    "steps": ("{count} steps", "{count}步"),
    "capped": ("{share}, {count:,} at most in each branch", "{share}，每机构最多{count:,}人"),
    "comma": (", ", "，"),
    "enters": ("enters", "进入"),
    "who": ("who", "人群"),
    "again": ("again", "重入"),
    "leaves": ("leaves", "退出"),
    "goal": ("goal", "目标"),
    "sends": ("sends", "内容"),
    "events": ("events", "线下活动"),
    "exit": ("exit", "结束"),
    "daily": ("every day at {time}", "每天{time}"),
    "at": ("at {time}", "{time}"),
    "wait": ("wait {time}", "等待{time}"),
    "until": ("wait until {time}", "等到{time}"),
    "before": ("wait until {time} before {date}", "等到{date}前{time}"),
    "after": ("wait until {time} after {date}", "等到{date}后{time}"),
    "if": ("if {who}", "判断：{who}"),
    "engagement": ("by the answer to {step}", "按“{step}”的响应"),
    "split": ("at random", "随机分流"),
    "experiment": ("experiment", "实验"),
    "repeat": ("back to {step}", "回到“{step}”"),
    "times": ("{times} times at most", "最多{times}次"),
    "until_so": ("until {who}", "直到{who}"),
    "go": ("goes to another step", "跳转"),
    "hand_over": ("hands over to {tier}: {reason}", "转交{tier}代理人：{reason}"),
    "notify": ("tells the agent: {reason}", "通知代理人：{reason}"),
    "an": ("an agent", ""),
    "a_tier": ("an agent of tier {tier}", "{tier}"),
    "waits": ("waits for the customer", "等待客户行为"),
    "next": ("then", "然后"),
    "then": ("yes", "是"),
    "no": ("no", "否"),
    "else": ("nothing in {time}", "{time}内无"),
    "none": ("none of it", "均无"),
    "full": ("full", "名额已满"),
    "back": ("again", "再次"),
    "control": ("control {share}", "对照组{share}"),
    "running": ("{event} {days} days running", "连续{days}天{event}"),
    "or": (" or ", "或"),
    "once": ("once, {time}", "一次：{time}"),
    "every": ("every {time}", "每{time}"),
    "cron": ("by cron {time}", "定时{time}"),
    "event": ("when {event}", "当客户{event}"),
    "life_event": ("life event: {event}", "人生事件：{event}"),
    "comes": ("on coming to be: {who}", "进入人群：{who}"),
    "goes": ("on no longer being: {who}", "离开人群：{who}"),
    "did_not": ("{did}, but not {but_not} within {time}", "{did}后{time}内未{but_not}"),
    "by": ("{time} before {date}", "{date}前{time}"),
    "never": ("never", "不可重入"),
    "after_leaving": ("{time} after leaving", "退出{time}后"),
    "within": ("{event} within {time}", "{time}内{event}"),
    "that_ends": ("; ends the journey", "；达成即结束"),
    "is": ("whoever is: {who}", "符合：{who}"),
    "seen": ("{seen} came, {left} left ({share})", "到达{seen}，流失{left}（{share}）"),
    "ended": ("{seen} came", "到达{seen}"),
    "reached_goal": ("{count} left with the goal reached", "{count}达成目标后退出"),
    "left": ("{count} left by none of these ways", "{count}未经以下去向退出"),
    "waiting": ("{count} still there", "{count}仍停留"),
    "break": ("the journey breaks here", "断点"),
    "few": ("fewer than {few}: no figure to rely on", "不足{few}人，数据不可靠"),
    "nobody": ("nobody came", "无人到达"),
    "counted": (
        "counts: arm {arm}, {replications} replications added up, customers of all of them",
        "计数：方案{arm}，{replications}次重复的客户合计",
    ),
    "counted_once": ("counts: arm {arm}, the one replication of the run", "计数：方案{arm}，仅1次重复"),
    "converted": ("{share} of those who entered came to the end", "进入者中{share}走完全程"),
    "converted_or_reached": (
        "{share} of those who entered came to the end or reached the goal", "进入者中{share}走完全程或达成目标",
    ),
}  # fmt: skip
_UNITS = {"d": "天", "h": "小时", "min": "分钟", "s": "秒"}
_WEEKDAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "一二三四五六日", strict=True))
_LIFE_EVENTS = {"marriage": "结婚", "child": "生育", "home": "购房", "income": "收入变化", "retirement": "退休"}
_DATES = {"premium_due": "缴费日", "policy_anniversary": "保单周年日", "birthday": "生日", "maturity": "满期日",
          "renewal": "续保日"}  # fmt: skip


class Words:
    """The words of one language about one journey."""

    def __init__(self, journey: Journey, lang: str) -> None:
        self.journey, self.lang = journey, lang

    def __call__(self, key: str, **values: object) -> str:
        return TEXTS[key][self.lang == "zh"].format(**values)

    def converted(self, share: float) -> str:
        """How many of those who came in came to the end, which a goal may bring before the last step."""
        goal = self.journey.goal
        key = "converted_or_reached" if goal is not None and goal.leave else "converted"
        return self(key, share=f"{share:.1%}")

    def span(self, seconds: int) -> str:
        """A duration."""
        text = format_duration(seconds)
        found = re.fullmatch(r"(\d+)([a-z]+)", text)
        return text if self.lang != "zh" or found is None else found[1] + _UNITS[found[2]]

    def step(self, name: str) -> str:
        """What a step is called."""
        step = self.journey.steps.get(name)
        return self("exit") if step is None else labelled(step.label, self.lang, name)

    def date(self, name: str) -> str:
        """What a date is called that time is counted from."""
        if name in self.journey.events:
            return labelled(self.journey.events[name].label, self.lang, name)
        return _DATES.get(name, name) if self.lang == "zh" else name.replace("_", " ")

    def trigger(self, text: str) -> str:
        """What a customer does; in English as the file says it."""
        if self.lang != "zh":
            return text
        return self("or").join(self._event(each.event, each.argument, each.days) for each in parse_triggers(text))

    def _event(self, event: str, argument: str, days: int) -> str:
        meaning = EVENTS[event].meaning[1] + (f"（{self._named(argument)}）" if argument else "")
        return self("running", event=meaning, days=days) if days > 1 else meaning

    def _named(self, argument: str) -> str:
        if argument in self.journey.events:
            return self.date(argument)
        return self.step(argument) if argument in self.journey.steps else argument

    def does(self, step: StepBase) -> str:
        """What a step does, in one line."""
        if isinstance(step, Send):
            return self._send(step)
        if isinstance(step, Wait):
            return self._wait(step.wait)
        if isinstance(step, Condition):
            return self("if", who=step.audience)
        if isinstance(step, EngagementSplit):
            return self("engagement", step=self.step(step.engagement))
        if isinstance(step, Repeat):
            limits = [] if step.times is None else [self("times", times=step.times)]
            limits += [] if step.until is None else [self("until_so", who=step.until)]
            return self("comma").join([self("repeat", step=self.step(step.repeat)), *limits])
        if isinstance(step, HandOver):
            return self._tell("hand_over", step.hand_over)
        if isinstance(step, Notify):
            return self._tell("notify", step.notify)
        plain = {RandomSplit: "split", ExperimentPath: "experiment"}.get(type(step))
        return self(plain or ("waits" if isinstance(step, Responding) else "go"))

    def _send(self, step: Send) -> str:
        channel = CHANNEL_WORDS[step.channel].meaning[self.lang == "zh"]
        time, key = (step.at, "at") if step.daily is None else (step.daily, "daily")
        when = "" if time is None else self("comma") + self(key, time=format_clock_time(time))
        return f"{channel}: {step.content}{when}"

    def _wait(self, wait: int | Pause) -> str:
        if isinstance(wait, int):
            return self("wait", time=self.span(wait))
        if wait.until is not None:
            return self("until", time=self.calendar(wait.until))
        anchor = wait.before or wait.after or ""
        clock = "" if wait.at is None else f" {format_clock_time(wait.at)}"
        return self("before" if wait.before else "after", time=self.span(wait.by), date=self.date(anchor)) + clock

    def _tell(self, key: str, message: ToAgent) -> str:
        tier = self("an") if message.tier is None else self("a_tier", tier=message.tier)
        return self(key, tier=tier, reason=labelled(message.reason, self.lang, ""))

    def calendar(self, text: str) -> str:
        """An appointment; in Chinese with the day of the week in Chinese."""
        if self.lang != "zh":
            return text
        words = {"day": "天", "workdays": "个工作日", "weekend": "逢周末", "month": "月"}
        day, _, clock = text.rpartition(" ")
        if day.startswith("month "):
            return f"月{day.removeprefix('month ')}日{clock}"
        if day in words:
            return f"{words[day]}{clock}"
        if not set(day.split(",")) <= set(_WEEKDAYS):
            return text
        return "周" + "、".join(_WEEKDAYS[each] for each in day.split(",")) + clock

    def way(self, step: StepBase, way: Way) -> str:
        """What has to be the case for a way."""
        if isinstance(step, RandomSplit) and way.name in step.split:
            share = _share(step.split[way.name])
            return self("capped", share=share, count=step.cap[way.name]) if way.name in step.cap else share
        if isinstance(step, ExperimentPath):
            share = _share((step.experiment | step.control)[way.to])
            return self("control", share=share) if way.name == "control" else share
        if way.name == "else":
            if isinstance(step, Condition | EngagementSplit):
                return self("no" if isinstance(step, Condition) else "none")
            within = step.within if isinstance(step, Responding) else None
            return self("else", time=self.span(within or 0))
        if way.name in ("next", "then", "full"):
            return self(way.name)
        return self("back") if way.name == "repeat" else self.trigger(way.name)

    def about(self) -> Iterator[tuple[str, str]]:
        """Who comes in, again and out, and what it is for: heading and text."""
        journey = self.journey
        for entry in journey.entries:
            yield self("enters"), self._entry(entry)
            if entry.who is not None:
                yield self("who"), entry.who
        yield self("again"), self._again()
        if journey.exit_on:
            yield self("leaves"), self("or").join(self.trigger(each) for each in journey.exit_on)
        if journey.exit_if is not None:
            yield self("leaves"), self("is", who=journey.exit_if)
        if journey.goal is not None:
            reached = self("within", event=self.trigger(journey.goal.reached), time=self.span(journey.goal.within))
            yield self("goal"), reached + (self("that_ends") if journey.goal.leave else "")
        for name, event in journey.events.items():
            yield self("events"), f"{self.date(name)}{self('comma')}{event.date}"

    def _again(self) -> str:
        reentry = self.journey.reentry
        if not isinstance(reentry, Reentry):
            return self("never")
        times = [] if reentry.times is None else [self("times", times=reentry.times)]
        return self("comma").join([self("after_leaving", time=self.span(reentry.after)), *times])

    def _entry(self, entry: object) -> str:
        if isinstance(entry, Once):
            return self("once", time=entry.at)
        if isinstance(entry, Recurring):
            return self("every", time=self.calendar(entry.every))
        if isinstance(entry, ByCron):
            return self("cron", time=entry.cron)
        if isinstance(entry, OnEvent):
            return self("event", event=self.trigger(entry.on))
        if isinstance(entry, OnLifeEvent):
            event = _LIFE_EVENTS[entry.life_event] if self.lang == "zh" else entry.life_event
            return self("life_event", event=event)
        if isinstance(entry, Enters):
            return self("comes", who=entry.enters)
        if isinstance(entry, Leaves):
            return self("goes", who=entry.leaves)
        if isinstance(entry, DidNot):
            did, but_not = self.trigger(entry.did), self.trigger(entry.but_not)
            return self("did_not", did=did, but_not=but_not, time=self.span(entry.within))
        assert isinstance(entry, ByDate)
        at = "" if entry.at is None else f" {format_clock_time(entry.at)}"
        return self("by", time=self.span(entry.by), date=self.date(entry.before)) + at


def _share(share: float) -> str:
    return f"{share * 100:.6g}%"
