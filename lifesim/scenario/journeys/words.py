"""The words of audiences and triggers: what an insurer can observe of a customer, and what it cannot.

A word that is not here cannot be said in a journey. Columns are those of `lifesim.world.views`; a column that a world
does not compute is refused when the world is asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from lifesim.scenario.behaviour import DERIVED, STAGES
from lifesim.scenario.contents import PURPOSES
from lifesim.scenario.needs import FAMILIES, LIFE_EVENTS

Unit = Literal["years", "days", "count", "CNY", "share"]


@dataclass(frozen=True)
class Number:
    """An observable number.

    Attributes
    ----------
    column
        Column of the view that holds it.
    unit
        Unit of the column.
    """

    column: str
    unit: Unit


NUMBERS: Final[Mapping[str, Number]] = {
    "age": Number("age", "years"),
    "policies": Number("policies", "count"),
    "tenure": Number("tenure_days", "days"),
    "tenure_days": Number("tenure_days", "days"),
    "days_since_session": Number("days_since_session", "days"),
    "days_since_touch": Number("days_since_touch", "days"),
    "days_to_due": Number("days_to_due", "days"),
    "sum_assured": Number("sum_assured_cny", "CNY"),
    "annual_premium": Number("annual_premium_cny", "CNY"),
    "churn_score": Number("churn_score", "share"),
}

#: Words that are true or false of a customer, with their column.
FLAGS: Final[Mapping[str, str]] = {"orphan": "orphan", "waits": "waits"}

#: Words that take a name in parentheses, with what they name.
CALLS: Final[Mapping[str, str]] = {"holds": "product", "consents": "channel or purpose"}

#: Words that are compared by ``is`` and ``in``, with what they name.
CHOICES: Final[Mapping[str, str]] = {"tag": "tag", "stage": "stage", "branch": "branch"}

#: What no insurer sees, with what to write instead.
HIDDEN: Final[Mapping[str, str]] = {
    **{name: "" for name in DERIVED if name not in ("policies", "orphan")},
    **dict.fromkeys(("need", "trust", "satisfaction", "fatigue", "price_sensitivity", "benefit_sensitivity"), ""),
    "income": "write sum_assured or annual_premium",
    "segment": "write tag, which is the insurer's estimate of it",
    "true_stage": "write stage, which is the insurer's estimate of it",
    "true_phase": "write stage, which is the insurer's estimate of it",
}
HIDDEN_PREFIXES: Final = ("trait_", "state_", "gap_", "true_")

Takes = Literal["", "product", "content", "offline event", "step"]


@dataclass(frozen=True)
class Observed:
    """Something that happens to a customer and that the insurer notices.

    Attributes
    ----------
    meaning
        What it is, English and Chinese.
    takes
        What may stand in parentheses behind it; empty for nothing.
    response
        It answers a touch: only a step that sends can wait for it, or one that names that step.
    """

    meaning: tuple[str, str]
    takes: Takes = ""
    response: bool = False


EVENTS: Final[Mapping[str, Observed]] = {
    "delivered": Observed(("the touch arrived", "触达"), "step", response=True),
    "failed": Observed(("the touch did not arrive", "触达失败"), "step", response=True),
    "opened": Observed(("opened the message", "打开"), "step", response=True),
    "clicked": Observed(("clicked the link", "点击"), "step", response=True),
    "connected": Observed(("took the call, or let the agent in", "接通"), "step", response=True),
    "replied": Observed(("wrote back", "回复"), "step", response=True),
    "launched_app": Observed(("opened the app", "启动App")),
    "signed_in": Observed(("signed in for the day", "签到")),
    "took_part": Observed(("took part in a benefit or a game", "参与活动"), "content"),
    "browsed": Observed(("opened a product page", "浏览产品页"), "product"),
    "asked_adviser": Observed(("asked an adviser", "咨询顾问")),
    "left_contact": Observed(("left contact details", "留资")),
    "used_service": Observed(("used a service", "使用服务")),
    "booked": Observed(("booked an offline event", "预约"), "offline event"),
    "attended": Observed(("came to an offline event", "到访"), "offline event"),
    "added_wecom": Observed(("accepted the agent on WeCom", "添加企微")),
    "gap_assessed": Observed(("had the protection gap assessed", "缺口评估")),
    "proposal_made": Observed(("got a proposal", "出具计划书"), "product"),
    "proposal_read": Observed(("read a proposal", "浏览计划书"), "product"),
    "bought": Observed(("a policy was issued", "承保"), "product"),
    "referred": Observed(("recommended a friend", "转介")),
    "premium_paid": Observed(("paid a premium that fell due", "续期缴费")),
    "lapsed": Observed(("a policy was suspended", "失效"), "product"),
    "surrendered": Observed(("surrendered a policy", "退保"), "product"),
    "claimed": Observed(("made a claim", "报案")),
    "claim_paid": Observed(("a claim was paid", "赔付")),
    "claim_refused": Observed(("a claim was refused", "拒赔")),
    "complained": Observed(("complained to the insurer", "投诉")),
    "opted_out": Observed(("withdrew a marketing consent", "退订")),
    "orphaned": Observed(("the serving agent left", "成为孤儿单")),
    "agent_assigned": Observed(("a new agent was assigned", "分配新代理人")),
    "unfollowed": Observed(("stopped following the service account", "取关")),
    "contact_deleted": Observed(("deleted the contact on WeCom", "删除企微")),
    "turned_away": Observed(("was told that an offline event is full", "名额已满"), "offline event"),
}


def asked_about(event: str) -> Takes:
    """What an audience may name behind an event; it knows touches by their content, and a trigger by their step."""
    return "content" if EVENTS[event].response else EVENTS[event].takes


#: Events that tell of a customer's health: to use them for marketing needs a consent of its own.
HEALTH_EVENTS: Final = ("claimed", "claim_paid", "claim_refused")

#: Columns of "days since" whose name is not that of the event.
SINCE: Final[Mapping[str, str]] = {"launched_app": "days_since_session"}


@dataclass(frozen=True)
class Way:
    """What the insurer can observe of a touch by a channel.

    Attributes
    ----------
    meaning
        Name of the channel, English and Chinese.
    shows
        Responses that the channel lets the insurer see.
    """

    meaning: tuple[str, str]
    shows: frozenset[str]


def _shows(*responses: str) -> frozenset[str]:
    return frozenset(("delivered", "failed", *responses))


#: Every channel of a journey. An SMS is clicked, never seen to be read; of a call it is known whether it connected.
CHANNEL_WORDS: Final[Mapping[str, Way]] = {
    "push": Way(("push", "App推送"), _shows("opened", "clicked")),
    "sms": Way(("SMS", "短信"), _shows("clicked", "replied")),
    "service_account": Way(("service-account message", "服务号模板消息"), _shows("opened", "clicked")),
    "article": Way(("official-account article", "公众号文章"), _shows("opened", "clicked")),
    "mini_program": Way(("mini-program", "小程序"), _shows("opened", "clicked")),
    "email": Way(("e-mail", "电子邮件"), _shows("opened", "clicked", "replied")),
    "online_qa": Way(("online Q&A", "在线问答"), _shows("opened", "replied")),
    "wecom": Way(("WeCom one-to-one", "企业微信单聊"), _shows("clicked", "replied")),
    "wecom_group": Way(("WeCom group", "企业微信群"), _shows("clicked", "replied")),
    "moments": Way(("WeCom Moments", "企业微信朋友圈"), _shows("clicked")),
    "ai_call": Way(("AI call", "AI外呼"), _shows("connected")),
    "call": Way(("call", "电话"), _shows("connected")),
    "visit": Way(("agent visit", "代理人面访"), _shows("connected")),
    "short_video": Way(("short video", "短视频"), _shows("opened", "clicked")),
}


@dataclass(frozen=True)
class Vocabulary:
    """The names that only a scenario knows; None where no scenario is given, and then any name will do.

    Attributes
    ----------
    products
        Products by name, with their family and whether they are long-term.
    tags
        What customers can be tagged with: the segments, as the insurer estimates them.
    branches
        Branches in the order of their numbers.
    contents
        What touches say.
    """

    products: Mapping[str, tuple[str, bool]] | None = None
    tags: tuple[str, ...] | None = None
    branches: tuple[str, ...] | None = None
    contents: tuple[str, ...] | None = None
    stages: tuple[str, ...] = field(default=STAGES)

    def names(self, what: str) -> tuple[str, ...] | None:
        """Known names of a kind of thing, None where any will do."""
        if what == "product":
            return None if self.products is None else (*self.products, *FAMILIES, "long_term", "short_term")
        if what == "channel or purpose":
            return (*CHANNEL_WORDS, *PURPOSES)
        known: tuple[str, ...] | None = {
            "tag": self.tags, "branch": self.branches, "stage": self.stages, "life event": LIFE_EVENTS,
            "content": self.contents,
        }.get(what)  # fmt: skip
        return known

    def held(self, name: str) -> tuple[str, ...]:
        """Products that a name stands for: itself, those of a family, or those of a term."""
        products = self.products or {}
        wanted = {"long_term": True, "short_term": False}
        if name in products or self.products is None:
            return (name,)
        return tuple(
            each
            for each, (family, long_term) in products.items()
            if family == name or (name in wanted and long_term is wanted[name])
        )
