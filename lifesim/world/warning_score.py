"""The score of early warning, and the stage that follows from what is observed: what an insurer could compute itself.

Signals come from several sources: visits to the own channels (`quiet_weeks`, `activity_drop`), service (`complained`),
the contract (`in_grace`, `orphan`, `policy_years`) and touches (`unanswered`, `opt_outs`). Nothing of a customer's
state of mind enters, and of those who refuse targeting nothing is computed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lifesim.population.columns import (
    AWARENESS,
    CHURN_WARNING,
    DAY,
    FIRST_PURCHASE,
    GRACE,
    HOLDING,
    LOST,
    NO_DAY,
    NONE,
    NOTICE,
    NOTICED,
    ORPHAN,
    PURCHASE,
    RENEWAL_UPSELL,
    YEAR,
)
from lifesim.population.memory import count
from lifesim.regression import logistic
from lifesim.scenario.inference import SIGNALS
from lifesim.world.world import World

#: Looks until the weight of one in the averages of activity has halved: of what is usual, and of what is recent.
USUAL, RECENT = 13.0, 3.0
#: Weeks without a visit beyond which more say nothing more.
MOST_QUIET: Final = 12.0
#: Touches without a response beyond which more say nothing more.
MOST_UNANSWERED: Final = 20
#: Name of the coefficients that take the place of those of the scenario, see ``world.score_fitting``.
WEIGHTS: Final = "score_weights"
#: How long a complaint is a signal.
COMPLAINT: Final = 180 * DAY
#: How long a question to an adviser says that somebody is choosing; assumption.
CHOOSING: Final = 60 * DAY


def score(world: World, now: int) -> None:
    """Look at everyone's activity, as far apart from the last time as estimates are, and bring scores up to date."""
    inference = world.scenario.inference
    if not inference.keeps_signals:
        return
    n = count(world.state)
    signals, c = world.state.signals[:n, 0], world.state.customers[:n]
    _look(signals, c["last_session"] > now - inference.every)
    rule = inference.churn
    if rule is None:
        return
    weights = world.extra.get(WEIGHTS)
    if weights is None:
        weights = given(world)
    of = weights[c["branch"]]
    odds = of[:, 0].copy()
    for k, signal in enumerate(signals_of(world, now).values(), 1):
        odds += of[:, k] * signal
    signals["score"] = np.where(scored(world, now), logistic(odds), 0.0)


def given(world: World) -> Any:
    """Coefficients of the scenario, the constant first, shape (branches, 1 + signals)."""
    rule = world.scenario.inference.churn
    assert rule is not None
    row = [rule.intercept, *(rule.depends.get(name, 0.0) for name in SIGNALS)]
    return np.tile(row, (len(world.scenario.population.branches), 1))


def scored(world: World, now: int) -> Any:
    """Who has a score: policyholders who do not refuse targeting, shape (n,)."""
    n = count(world.state)
    return (world.state.customers["policies"][:n] > 0) & (world.state.visible[:n] <= now)


def _look(signals: Any, active: Any) -> None:
    """Carry the averages of activity on: of all looks alike at first, then with weights that fade."""
    signals["looks"] += 1
    for name, half_life in (("usual", USUAL), ("recent", RECENT)):
        weight = np.maximum(1.0 / signals["looks"], 1.0 - 0.5 ** (1.0 / half_life))
        signals[name] += weight * (active - signals[name])


def signals_of(world: World, now: int) -> dict[str, Any]:
    """The signals of everyone, each of shape (n,), in the order of ``scenario.inference.SIGNALS``."""
    n = count(world.state)
    signals, c = world.state.signals[:n, 0], world.state.customers[:n]
    since, late = _contracts(world, now)
    quiet = np.maximum(now - np.maximum(c["last_session"], c["joined"]).astype(np.float64), 0.0)
    complained = (signals["complained"] > 0) & (now - signals["complained"] <= COMPLAINT)
    return {
        "quiet_weeks": np.minimum(quiet / (7 * DAY), MOST_QUIET),
        "activity_drop": signals["usual"] - signals["recent"],
        "complained": complained.astype(np.float64),
        "in_grace": late.astype(np.float64),
        "orphan": ((c["marks"] & ORPHAN) > 0).astype(np.float64),
        "policy_years": since / YEAR,
        "unanswered": np.minimum(signals["unanswered"], MOST_UNANSWERED).astype(np.float64),
        "opt_outs": signals["opt_outs"].astype(np.float64),
    }


def _contracts(world: World, now: int) -> tuple[Any, Any]:
    """Seconds since the first of the policies held was issued, and whether one is in grace. Shapes (n,)."""
    n = count(world.state)
    held = standing(world)
    since, late = np.zeros(n), np.zeros(n, bool)
    np.maximum.at(since, held["customer"], now - held["issued"].astype(np.float64))
    late[held["customer"][held["status"] == GRACE]] = True
    return since, late


def standing(world: World) -> Any:
    """Records of the policies in force or in grace."""
    pool = world.state.policies
    return pool[(pool["customer"] != NONE) & (pool["status"] <= GRACE)]


def observed_stage(world: World, now: int) -> Any:
    """The stage of everyone by rules over what is observed, shape (n,).

    Without a policy: lost where there has been one, choosing where an adviser has been asked within two months, else
    unaware. With one: about to leave where the score says so or a premium is in grace; deciding on more as long as the
    notice of a premium runs; else holding.
    """
    n = count(world.state)
    c = world.state.customers[:n]
    asked = (c["waits"] > 0) | (c["answered_at"] > now - CHOOSING)
    had_one = c["milestones"][:, PURCHASE] != NO_DAY
    without = np.where(had_one, LOST, np.where(asked, FIRST_PURCHASE, AWARENESS))
    pool = standing(world)
    noticed = np.zeros(n, bool)
    noticed[pool["customer"][(pool["status"] == NOTICED) & (pool["at"] - now <= NOTICE)]] = True
    _, late = _contracts(world, now)
    rule = world.scenario.inference.churn
    alarmed = late if rule is None else late | (world.state.signals[:n, 0]["score"] >= rule.alarm)
    with_one = np.where(alarmed, CHURN_WARNING, np.where(noticed, RENEWAL_UPSELL, HOLDING))
    return np.where(c["policies"] > 0, with_one, without)
