"""The contact policies of all arms as tables: what is counted of every customer, and the rules of one arm at a time.

What a cap counts is kept from the beginning of the world, whichever arm has the cap: an arm that brings its own at the
fork finds the windows as full as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lifesim.lifecycle.clock_tables import keys_of
from lifesim.lifecycle.rule_records import POLICY_RULE
from lifesim.population.columns import TOUCH_OUTCOMES
from lifesim.population.consent import by_purpose
from lifesim.scenario import Scenario
from lifesim.scenario.channels import BY_PEOPLE, CHANNELS, SENDING
from lifesim.scenario.contact import ContactPolicy, NamedCap
from lifesim.scenario.contents import CONTENT_KINDS
from lifesim.streams import Streams

#: What the luck of a policy is about; places in ``policy_keys``.
DECISIONS = ("holdout", "fallback")
_ALL = -1
SENT_ALONE = tuple(name for name in SENDING if name not in BY_PEOPLE)


class Policies:
    """Contact policies of the arms of a world.

    Parameters
    ----------
    policies
        All that some arm has.
    campaigns
        Names of everything that sends touches.

    Attributes
    ----------
    outcomes
        What becomes of touches: columns of ``State.touched``. Those that every world has, then by rule.
    remembered
        Times that are kept of every customer, for caps.
    limits
        Names of all budgets and rates.
    contended
        Whether touches or entries take turns in some arm.
    audiences
        Whom suppressions are about.
    """

    def __init__(
        self, policies: Iterable[ContactPolicy], scenario: Scenario, streams: Streams, campaigns: Sequence[str]
    ) -> None:
        policies = list(policies)
        self._scenario, self._campaigns = scenario, campaigns
        self._keys = keys_of(streams, [f"contact policy: {name}" for name in DECISIONS])
        reasons = sorted({name for policy in policies for name in _reasons(policy)} | _of_customers(scenario))
        self.outcomes = (*TOUCH_OUTCOMES, *(f"suppressed_{name}" for name in reasons))
        self._windows: dict[tuple[int, int], int] = {}
        self.remembered = 0
        for counted, longest in _longest(policies).items():
            self._windows[counted] = self.remembered
            self.remembered += longest
        self._longest = _longest(policies)
        self.limits = sorted({name for policy in policies for name in policy.limits})
        self.contended = any(policy.limits or policy.entries for policy in policies)
        self.audiences = sorted({each.who for policy in policies for each in policy.suppressions.values()})

    def tables(
        self, policy: ContactPolicy, audiences: Mapping[str, int], contents: Any, journeys: Mapping[str, frozenset[str]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arrays and numbers of the rules for one of the policies.

        Parameters
        ----------
        audiences
            Number of each audience, see ``engagement.journeys.installing``.
        contents
            Rules of the contents, as ``lifecycle.rules`` makes them.
        journeys
            By name, in the order of their numbers: kinds of content by which they address customers.
        """
        cap = policy.marketing_cap
        contents = contents.copy()
        contents["marketing"] = [each.kind not in policy.exempt for each in self._scenario.contents.values()]
        arrays = {
            "policy_keys": self._keys,
            "content_rules": contents,
            "quiet_hours": np.array([_hours(policy, channel) for channel in CHANNELS], np.int64),
            "fallback": np.array([self._next(policy, channel) for channel in CHANNELS], np.int64),
            "ranks": np.array([_rank(policy, name) for name in self._campaigns], np.int64),
            "cap_rules": self._caps(policy),
            "cap_windows": self._counted(),
            "suppressions": self._suppressions(policy, audiences),
            "limit_rules": self._limits(policy),
        }
        return arrays, {
            # Nothing was sent later than now.
            "cap_touches": cap.touches if cap else 1,
            "cap_within": cap.within if cap else 0,
            "caps": len(policy.caps),
            "windows": len(self._windows),
            "suppressed_who": len(policy.suppressions),
            "holdout": policy.holdout,
            "ranked": int(bool(policy.priority)),
            "at_once": policy.journeys_at_once or 0,
            "limits": len(policy.limits),
            "taken_by_turns": sum(1 << k for k, name in enumerate(journeys) if name in policy.entries),
            "service_journeys": sum(
                1 << k for k, kinds in enumerate(journeys.values()) if kinds and kinds.issubset(policy.exempt)
            ),
            **{f"reason_{name}": self._reason(name) for name in ("quiet", "holdout", "priority", "purpose")},
        }

    def _reason(self, name: str) -> int:
        """Column of a reason; 0 of one that no policy has."""
        outcome = f"suppressed_{name}"
        return self.outcomes.index(outcome) if outcome in self.outcomes else 0

    def _caps(self, policy: ContactPolicy) -> Any:
        rules = np.zeros(len(policy.caps), POLICY_RULE)
        for rule, (name, cap) in zip(rules, policy.caps.items(), strict=True):
            counted = counts_what(cap)
            rule["channels"], rule["kinds"] = counted
            rule["place"] = self._windows[counted] + cap.touches - 1
            rule["within"], rule["outcome"] = cap.within, self._reason(name)
        return rules

    def _counted(self) -> Any:
        """What is counted of every customer: touches by some channels, of some kinds, the latest first."""
        windows = np.zeros(len(self._windows), POLICY_RULE)
        for row, (counted, place) in zip(windows, self._windows.items(), strict=True):
            row["channels"], row["kinds"] = counted
            row["place"], row["within"] = place, self._longest[counted]
        return windows

    def _suppressions(self, policy: ContactPolicy, audiences: Mapping[str, int]) -> Any:
        rules = np.zeros(len(policy.suppressions), POLICY_RULE)
        for rule, (name, each) in zip(rules, policy.suppressions.items(), strict=True):
            rule["channels"], rule["kinds"] = bits(each.channels, CHANNELS), bits(each.kinds, CONTENT_KINDS)
            rule["place"], rule["outcome"] = audiences[each.who], self._reason(name)
        return rules

    def _limits(self, policy: ContactPolicy) -> Any:
        """Budgets and rates: the place says which of all it is, counted from 1, below zero where it is money."""
        rules = np.zeros(len(policy.limits), POLICY_RULE)
        for rule, (name, each) in zip(rules, policy.limits.items(), strict=True):
            # What people do is asked about when they do it, see ``world.call_rules``.
            rule["channels"] = bits(each.channels or SENT_ALONE, CHANNELS)
            rule["kinds"] = bits(each.kinds, CONTENT_KINDS)
            rule["place"] = (self.limits.index(name) + 1) * (-1 if name in policy.budgets else 1)
            rule["within"], rule["outcome"] = each.waits, self._reason(name)
        return rules

    def _next(self, policy: ContactPolicy, channel: str) -> int:
        other = {str(name): str(to) for name, to in policy.fallback.items()}.get(channel)
        return -1 if other is None else CHANNELS.index(other)


def _reasons(policy: ContactPolicy) -> list[str]:
    """Rules for which touches are held back, beside those that every world has."""
    quiets = [policy.quiet, *policy.quiet_by_channel.values()]
    found = [*policy.caps, *policy.suppressions, *policy.limits]
    found += ["quiet"] * any(quiet is not None and quiet.discard for quiet in quiets)
    found += ["holdout"] * (policy.holdout > 0.0)
    return found + ["priority"] * bool(policy.priority)


def _of_customers(scenario: Scenario) -> set[str]:
    """What touches are held back for because of customers, beside what every world has."""
    return {"purpose"} if by_purpose(scenario) else set()


def _longest(policies: Iterable[ContactPolicy]) -> dict[tuple[int, int], int]:
    """What the caps of all policies count, each once, in a fixed order; how many touches of it have to be known."""
    found: dict[tuple[int, int], int] = {}
    for policy in policies:
        for cap in policy.caps.values():
            found[counts_what(cap)] = max(found.get(counts_what(cap), 0), cap.touches)
    return dict(sorted(found.items()))


def counts_what(cap: NamedCap) -> tuple[int, int]:
    """Channels and kinds that a cap counts, as bits."""
    return bits(cap.channels, CHANNELS), bits(cap.kinds, CONTENT_KINDS)


def bits(chosen: Sequence[str], names: Sequence[str]) -> int:
    """Names as bits; all bits where none is chosen."""
    return sum(1 << names.index(name) for name in set(chosen)) if chosen else _ALL


def _hours(policy: ContactPolicy, channel: str) -> tuple[int, int, int]:
    """Quiet hours of a channel: from, to, and whether what would arrive in them is dropped."""
    quiet = policy.quiet_of(channel)
    return (0, 0, 0) if quiet is None else (quiet.start, quiet.end, int(quiet.discard))


def _rank(policy: ContactPolicy, campaign: str) -> int:
    """Place in the order of priority; the last is that of all that are not named."""
    return policy.priority.index(campaign) if campaign in policy.priority else len(policy.priority)
