"""Journeys at random: any steps in any valid arrangement, for tests of what holds for all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from lifesim.scenario.journeys import Journey

CONTENTS = ("hello", "gift", "quiz")
RESPONSES = {"push": "opened", "sms": "clicked", "service_account": "opened"}
EVENTS = ("launched_app", "bought(accident)", "signed_in 3 days running", "browsed or asked_adviser")
AUDIENCES = ("age <= 30", "not holds(accident)", "orphan or policies > 1")
ENTRIES: tuple[dict[str, str], ...] = (
    {"every": "fri 19:00"}, {"on": "claim_paid"}, {"at": "2026-03-01 10:00"}, {"on": "signed_in 3 days running"},
    {"did": "launched_app", "but_not": "signed_in 3 days running", "within": "10d"},
    {"did": "signed_in 3 days running", "but_not": "browsed or asked_adviser", "within": "1d"},
    {"every": "mon 10:00", "who": "browsed within 9d or clicked within 30d"},
    {"at": "2026-03-01 10:00", "who": "not (browsed within 20d or bought(accident) within 60d)"},
)  # fmt: skip
DURATIONS = ("30min", "6h", "1d", "10d")
PAUSES = ({"until": "09:00"}, {"until": "sat 10:00"}, {"until": "2026-05-01 08:00"}, {"before": "fair", "by": "1d"})
KINDS = (
    "send", "send", "daily", "wait", "wait", "until", "on", "if", "split", "capped", "experiment", "hand_over",
    "notify", "repeat", "go", "engagement",
)  # fmt: skip


@st.composite
def journeys(draw: st.DrawFn, most_steps: int = 8) -> Journey:
    """A valid journey of up to `most_steps` steps; each leads on to the one after it, and anywhere else."""
    count = draw(st.integers(1, most_steps))
    steps: dict[str, dict[str, Any]] = {}
    for k in range(count):
        steps[f"s{k}"] = _Drawn(draw, k, count, steps).step(draw(st.sampled_from(KINDS)))
    sent = sorted({next(iter(step["send"].values())) for step in steps.values() if "send" in step})
    data = {
        "name": "any",
        "entry": draw(st.sampled_from(ENTRIES)),
        "exit_on": draw(st.sampled_from([[], ["complained"]])),
        "events": {"fair": {"date": "2026-06-01 14:00"}},
        "contents": {name: {"kind": "care", "says": name} for name in sent},
        "steps": steps,
    }
    return _without_instant_circles(data)


def _without_instant_circles(data: dict[str, Any]) -> Journey:
    """The journey; repetitions that nothing slows down are taken out, last first."""
    for name in [name for name in reversed(data["steps"]) if "repeat" in data["steps"][name]]:
        try:
            return Journey.model_validate(data)
        except ValidationError as error:
            if "goes round without a wait" not in str(error):
                raise
            data["steps"][name] = {"go": data["steps"][name]["next"]}
    return Journey.model_validate(data)


class _Drawn:
    """Draws one step; ways that take no time lead on, others anywhere."""

    def __init__(self, draw: st.DrawFn, k: int, count: int, before: dict[str, dict[str, Any]]) -> None:
        self._draw, self._k, self._before = draw, k, before
        self._onward = [f"s{each}" for each in range(k + 1, count)] + ["exit"]
        self._anywhere = [f"s{each}" for each in range(count)] + ["exit"]

    def of(self, *values: Any) -> Any:
        return self._draw(st.sampled_from(values))

    def anywhere(self) -> str:
        return str(self.of(*self._anywhere))

    def onward(self) -> str:
        return str(self.of(*self._onward))

    @property
    def following(self) -> str:
        return self._onward[0]

    def step(self, kind: str) -> dict[str, Any]:
        if kind in ("send", "daily"):
            return self.sending(kind)
        if kind == "on":
            return self.waiting(list(EVENTS))
        if kind == "wait":
            return {"wait": self.of(*DURATIONS), "next": self.following}
        if kind == "until":
            return {"wait": self.of(*PAUSES), "next": self.following}
        if kind == "if":
            return {"if": self.of(*AUDIENCES), "then": self.following, "else": self.onward()}
        if kind in ("hand_over", "notify"):
            way = {"next": self.following} if self.of(True, False) else self.waiting(["agent_assigned"])
            return {kind: {"reason": "wishes a call"}, **way}
        return self.choosing(kind)

    def sending(self, kind: str) -> dict[str, Any]:
        channel = self.of(*RESPONSES)
        step = {"send": {channel: self.of(*CONTENTS)}}
        if kind == "daily":
            return step | {"daily": self.of("09:00", "18:30")} | self.waiting([RESPONSES[channel], *EVENTS])
        if self.of(True, False):
            step["at"] = self.of("09:00", "20:15")
        return step | (
            {"next": self.following} if self.of(True, False) else self.waiting([RESPONSES[channel], *EVENTS])
        )

    def waiting(self, events: list[str]) -> dict[str, Any]:
        chosen = self._draw(st.lists(st.sampled_from(events), min_size=1, max_size=3, unique=True))
        return {
            "on": {event: self.anywhere() for event in chosen}, "within": self.of(*DURATIONS), "else": self.following,
        }  # fmt: skip

    def choosing(self, kind: str) -> dict[str, Any]:
        other = next((step for step in self._onward[1:]), None)
        sent = [name for name, step in self._before.items() if "send" in step]
        if kind in ("split", "capped") and other is not None:
            cap = {} if kind == "split" else {"cap": {other: 10}, "full": self.onward()}
            third = {self._onward[2]: 0.25} if len(self._onward) > 2 else {}
            return {"split": {self.following: 0.25, other: 0.5 if third else 0.75, **third}, **cap}
        if kind == "experiment" and other is not None:
            return {"experiment": {self.following: 0.6}, "control": {other: 0.4}}
        if kind == "repeat" and self._k:
            until = {"until": AUDIENCES[0]} if self.of(True, False) else {}
            return {"repeat": f"s{self.of(*range(self._k))}", "times": 2, "next": self.following, **until}
        if kind == "engagement" and sent:
            step = self.of(*sent)
            response = RESPONSES[next(iter(self._before[step]["send"]))]
            return {"engagement": step, "on": {response: self.onward()}, "else": self.following}
        return {"go": self.following}
