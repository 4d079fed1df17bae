"""What a plug-in implements: orchestration, grading, allocation, mechanism; the null models; an arm's practice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from lifesim.scenario.agent_levers import AgentPractice
from lifesim.scenario.contact import ContactPolicy
from lifesim.scenario.journeys import Journey
from lifesim.scenario.leads import Cleaning, Nurture
from lifesim.scenario.workforce import Reassignment
from lifesim.strategy.luck import Luck
from lifesim.strategy.schedule import Schedule, Touches
from lifesim.strategy.views import AgentView, CustomerView, IntArray, LeadView

#: Answer of an allocation that leaves a lead in the pool.
UNASSIGNED = -1


@runtime_checkable
class Orchestration(Protocol):
    """Decides who gets which touch when.

    A class attribute ``service = True`` says that all it sends is exempt from the contact policy, as notices are: it
    then sees customers who refuse automated targeting too, and no estimates. ``oracle = True`` shows what is hidden.
    """

    @property
    def schedule(self) -> Schedule:
        """When ``touch`` is called."""
        ...

    def touch(self, customers: CustomerView, luck: Luck) -> Touches | list[Touches] | None:
        """Touches to send now; none for nobody."""
        ...


@runtime_checkable
class Grading(Protocol):
    """Decides how good a lead is.

    A grading that predicts may have a second method, ``chances(leads, luck)``: the probability that each lead becomes a
    policy, shape (n,). Where the scenario has ``leads``, the run holds it against what became of the leads.
    """

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        """Grade of each lead, shape (n,): 0 is best, 3 the poorest."""
        ...


@runtime_checkable
class Allocation(Protocol):
    """Decides which agent, or which group of seats, gets a lead."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        """Row of ``agents`` for each lead, shape (n,); ``UNASSIGNED`` leaves it in the pool.

        A lead goes to one agent of its branch who is on duty, and nobody gets more leads than ``agents.capacity``.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class NoGrades:
    """Null model of grading: every lead has the same grade."""

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return np.zeros(len(leads), np.int64)


@dataclass(frozen=True, kw_only=True)
class NobodyAnswers:
    """Null model of allocation: every lead stays in the pool until the customer gives up."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        return np.full(len(leads), UNASSIGNED, np.int64)


@dataclass(frozen=True)
class Practice:
    """The plug-ins of an arm; without any, silence.

    Attributes
    ----------
    orchestrations
        By name, journeys among them; the name is part of the luck of their touches.
    rounds
        Seconds of the day at which leads are given out; none: whenever somebody is free.
    staffing
        Factors by month on the calls that the desk can make, 12 or none.
    reassign
        Who takes over customers whose serving agent has left; none: nobody.
    traffic
        Factors on the prospects of sources of acquisition, by name.
    cleaning, nurture
        What is done with leads that are not good enough for an agent yet; none: nothing.
    agents
        Who earns on sales past agents, and the levers that are used; none: nobody, and none.
    contact_policy
        Rules that hold in this arm; none: those of the scenario.
    """

    orchestrations: Mapping[str, Orchestration | Journey] = field(default_factory=dict)
    grading: Grading = NoGrades()
    allocation: Allocation = NobodyAnswers()
    rounds: tuple[int, ...] = ()
    staffing: tuple[float, ...] = ()
    reassign: Reassignment | None = None
    traffic: Mapping[str, float] = field(default_factory=dict)
    cleaning: Cleaning | None = None
    nurture: Nurture | None = None
    contact_policy: ContactPolicy | None = None
    agents: AgentPractice | None = None

    @property
    def journeys(self) -> dict[str, Journey]:
        """The orchestrations that are journeys."""
        return {name: each for name, each in self.orchestrations.items() if isinstance(each, Journey)}

    @property
    def oracles(self) -> list[str]:
        """Names of the plug-ins that see what no insurer sees."""
        plug_ins = {**self.orchestrations, "grading": self.grading, "allocation": self.allocation}
        return [name for name, plug_in in plug_ins.items() if getattr(plug_in, "oracle", False)]


class Mechanism:
    """Base of plug-ins that extend the world itself; see ``strategies/mechanisms/financial_stress.py``.

    A mechanism adds decaying states of mind, coefficients on existing hazards, and a clock of its own. Its two
    functions are compiled: plain arithmetic on the vectors they are given, nothing else.

    Attributes
    ----------
    reads
        Covariates in ``x``, in this order; those that are states may be written by ``apply``.
    states
        New states of mind, each as in a scenario file.
    coefficients
        New coefficients by ``STAGE.cause`` or process, then by covariate.
    """

    reads: ClassVar[tuple[str, ...]] = ()
    states: ClassVar[dict[str, dict[str, Any]]] = {}
    coefficients: ClassVar[dict[str, dict[str, float]]] = {}

    @staticmethod
    def rate(x: Any, p: Any) -> float:
        """Events a year; ``x`` the covariates in ``reads``, ``p`` the fields of the dataclass in order."""
        return 0.0

    @staticmethod
    def apply(x: Any, p: Any, u: float) -> None:
        """What an event does: writes new values of states into ``x``; ``u`` is a uniform on (0, 1)."""
