"""Strategies that want to know more than an insurer does."""

import inspect
from dataclasses import dataclass

import numpy as np

from lifesim.strategy import Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class ReadsTheTrueStage:
    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        return Touches(customers.where(customers.true_stage == 4), "care_message", "sms")


@dataclass(frozen=True, kw_only=True)
class TakesAPeek:
    """Works where the truth is not shown, and would cheat where it is."""

    def grade(self, leads, luck):
        stage = leads.true_stage if hasattr(leads, "true_stage") else leads.stage
        return np.where(stage == 1, 0, 1)


@dataclass(frozen=True, kw_only=True)
class MisspellsAColumn:
    def grade(self, leads, luck):
        return np.where(leads.polices > 0, 0, 1)


@dataclass(frozen=True, kw_only=True)
class ReachesBehindTheView:
    def grade(self, leads, luck):
        state, waiting = leads._world
        return np.where(state.traits[waiting["customer"][leads._rows], 0] > 0, 0, 1)


@dataclass(frozen=True, kw_only=True)
class DrawsTheLuckOfOthers:
    def grade(self, leads, luck):
        patience = luck._streams.uniforms("patience", vars(luck)["_given_leads"])
        return np.where(patience > 0.5, 0, 1)


@dataclass(frozen=True, kw_only=True)
class LooksUpTheStack:
    """Finds nothing where it is checked, and the world where it is run."""

    def grade(self, leads, luck):
        frame = inspect.currentframe()
        while frame and "world" not in frame.f_locals:
            frame = frame.f_back
        return np.where(frame.f_locals["world"].now > 0 if frame else leads.policies > 0, 0, 1)


@dataclass(frozen=True, kw_only=True)
class PinsItsLuck:
    """Has one coin for all occasions."""

    def grade(self, leads, luck):
        luck._occasion = 0
        return np.where(luck.uniforms("coin") < 0.5, 0, 1)
