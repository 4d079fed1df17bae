"""A unit of work: some branches of one replication, with every arm forked from one warm-up."""

from __future__ import annotations

import pickle
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lifesim.engagement.journeys.running_checks import refuse
from lifesim.errors import InputError, LifesimError, StrategyError
from lifesim.experiment.cannibalised import cannibalised_rows
from lifesim.experiment.gather import gather
from lifesim.experiment.harm import harm
from lifesim.experiment.participants import Kept, participants, what_is_kept
from lifesim.experiment.work import Unit, UnitResult, units
from lifesim.lifecycle.mechanisms import CompiledMechanisms, extend
from lifesim.population.book import BookTable, book_branches, people_from_book, read_book
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.population.synthesis import People, synthesise
from lifesim.scenario import Scenario
from lifesim.scenario.channel_checks import shut_by_quiet
from lifesim.scenario.contact import ContactPolicy
from lifesim.scenario.journeys import Journey
from lifesim.strategy import Practice
from lifesim.streams import Streams
from lifesim.workforce.leads import DESK
from lifesim.world.campaign import Campaign
from lifesim.world.desk import Desk
from lifesim.world.entry import Entry
from lifesim.world.fork import save_arrays
from lifesim.world.orphans import Orphans
from lifesim.world.outcomes import begin_outcomes
from lifesim.world.parts import Acquisition, Inference, Observer, occupancy
from lifesim.world.places import Places, capped
from lifesim.world.review import Review
from lifesim.world.sales import Sales
from lifesim.world.scanning import Scan
from lifesim.world.score_fitting import learn
from lifesim.world.script import Script, scripted
from lifesim.world.seats import Seats, scarce
from lifesim.world.turns import Turns
from lifesim.world.world import Part, World

__all__ = ["Experiment", "Unit", "UnitResult", "units"]


class Experiment:
    """A scenario with the plug-ins of its arms, ready to run units.

    Parameters
    ----------
    practices
        Plug-ins by arm; the control arm's run the warm-up. Every use of them begins with a copy as they are now.
    mechanisms
        Instances of mechanisms.
    keep_all
        Keep the events of every customer.
    """

    def __init__(
        self,
        scenario: Scenario,
        practices: Mapping[str, Practice],
        mechanisms: list[Any],
        keep_all: bool = False,
    ) -> None:
        if keep_all:
            described = scenario.experiment.model_dump(mode="json")
            scenario = scenario.replace(experiment=described | {"event_share": 1.0})
        self.book = None if scenario.population.book is None else read_book(scenario, scenario.folder)
        self.scenario = extend(with_branches(scenario, self.book), mechanisms)
        self.practices = {arm: pickle.dumps(practice) for arm, practice in practices.items()}
        self.mechanisms = CompiledMechanisms(mechanisms)
        names = {name for practice in practices.values() for name in practice.orchestrations}
        self.campaigns = [DESK, *sorted(names)]
        self.journeys = _journeys(practices, self.scenario)
        #: Contact policies by arm, that of the control first: it holds during the warm-up.
        order = sorted(practices, key=lambda arm: arm != scenario.experiment.control)
        self.policies = {arm: practices[arm].contact_policy or scenario.contact_policy for arm in order}
        for arm, policy in self.policies.items():
            _leave_time(arm, policy, self.scenario)

    def world(self, unit: Unit) -> World:
        """The world of a unit at time 0, with its customers."""
        scenario = self.scenario
        streams = Streams(scenario.experiment.seed, unit.replication)
        numbers = {list(scenario.population.branches).index(name): name for name in unit.branches}
        world = World(scenario, streams, numbers, self.campaigns, self.mechanisms, self.journeys,
                      tuple(self.policies.values()))  # fmt: skip
        world.reserve(sum(self.sizes[branch] for branch in unit.branches))
        for number, branch in numbers.items():
            people = self._people(streams, branch)
            world.started_with[number] = len(people)
            world.add(people)
        return world

    def _people(self, streams: Streams, branch: str) -> People:
        """Customers of a branch at the start: from the insurer's book, or synthesised."""
        if self.book is not None:
            return people_from_book(self.scenario, streams, self.book, branch)
        return synthesise(self.scenario, streams, branch, self.scenario.population.branch_sizes()[branch])

    def units(self) -> list[Unit]:
        """All units of the experiment."""
        return units(self.scenario, self.sizes)

    @property
    def sizes(self) -> dict[str, int]:
        """Customers at the start, by branch."""
        if self.book is None:
            return self.scenario.population.branch_sizes()
        return {name: int((self.book.branch == k).sum()) for k, name in enumerate(book_branches(self.book))}

    def parts(self, world: World, practice: Practice) -> list[Part]:
        """The moving parts of a world under a practice, whose journeys and contact policy hold from now on."""
        world.follow(practice.contact_policy or self.scenario.contact_policy)
        turns = Turns(world, self.sizes) if world.policies.contended else None
        desk = Desk(self.scenario, practice, world, turns)
        parts: list[Part] = [
            Acquisition(self.scenario, world.streams, world.branches, world.started_with, practice.traffic),
            Inference(self.scenario),
            desk,
            Review(desk.staff),
        ]
        leads = self.scenario.leads
        if leads is not None and leads.scanned is not None:
            parts.append(Scan(leads.scanned, leads.waits, practice.grading))
        if self.scenario.workforce is not None:
            parts += [Sales(desk.staff, practice.agents), Orphans(desk.staff, practice.reassign, world)]
        if scripted(self.scenario):
            parts.append(Script(self.scenario))
        if capped(world):
            parts.append(Places(world))
        if turns is not None:
            parts.append(turns)
        if scarce(world):
            parts.append(Seats(world))
        for name, each in practice.orchestrations.items():
            parts.append(Entry(each, world) if isinstance(each, Journey) else Campaign(name, each, world))
        world.run_journeys(practice.journeys)
        return parts

    def run(self, unit: Unit) -> UnitResult:
        """Warm up once, fork every arm, and gather the tables. A failing arm costs only itself."""
        began = time.perf_counter()
        result = UnitResult(unit)
        scenario = self.scenario
        world = self.world(unit)
        result.seconds["population"] = time.perf_counter() - began
        with forgetful(self.practices[scenario.experiment.control]) as practice:
            world.run(scenario.warm_up, self.parts(world, practice))
        learn(world)
        begin_outcomes(world)
        result.customer_days += count(world.state) * scenario.warm_up / DAY
        # The fork waits on disk, so that only one copy of the world is in memory.
        with tempfile.TemporaryDirectory(prefix="lifesim-") as folder:
            fork = save_arrays(Path(folder), world.snapshot())
            at_fork, control = count(world.state), scenario.experiment.control
            of_control: Kept | None = None
            # The control first: what became of a journey's customers there is set beside each other arm.
            for arm in sorted(self.practices, key=lambda arm: arm != control):
                world.release()
                world.restore(fork)
                try:
                    kept = self._run_arm(world, arm, result, at_fork)
                except LifesimError as error:
                    result.failures[arm] = str(error)
                    continue
                of_control = kept if arm == control else of_control
                if of_control is not None:
                    labels = {"replication": unit.replication, "branch": "+".join(unit.branches), "arm": arm}
                    result.add_rows("participants", participants(kept, of_control), **labels)
                    if arm != control:
                        result.add_rows("harm", harm(kept.ends, of_control.ends), **labels)
                        self._add_cannibalised(result, arm, kept, of_control)
        world.release()
        for what, seconds in world.seconds.items():
            result.seconds[what] = result.seconds.get(what, 0.0) + seconds
        result.seconds["total"] = time.perf_counter() - began
        return result

    def _add_cannibalised(self, result: UnitResult, arm: str, kept: Kept, control: Kept) -> None:
        """Rows by branch and tier of agents; none where there are no agents."""
        workforce, tiers = self.scenario.workforce, (*self.scenario.desk.seats,)
        tiers += tuple(workforce.tiers) if workforce else ()
        for branch, sold in kept.sold.items():
            rows = cannibalised_rows(sold, control.sold[branch], tiers)
            result.add_rows("agents", rows, replication=result.unit.replication, branch=branch, arm=arm)

    def _run_arm(self, world: World, arm: str, result: UnitResult, at_fork: int) -> Kept:
        scenario = self.scenario
        end = scenario.warm_up + scenario.horizon
        observer = Observer(scenario.warm_up, end)
        with forgetful(self.practices[arm]) as practice:
            world.run(end, [*self.parts(world, practice), observer])
        began = time.perf_counter()
        observer.counted[scenario.horizon // DAY] = occupancy(world, end)
        result.customer_days += _days_present(world, scenario.warm_up, end)
        customers = gather(world, arm, practice, observer, result)
        kept = what_is_kept(world, practice, customers, at_fork)
        world.seconds["gathering"] = world.seconds.get("gathering", 0.0) + time.perf_counter() - began
        return kept


def _days_present(world: World, since: int, until: int) -> float:
    """Days that the customers of a world have been there in a time, added up."""
    joined = world.state.customers["joined"][: count(world.state)]
    return float(np.clip(until - np.maximum(joined, since), 0, None).sum()) / DAY


@contextmanager
def forgetful(pickled: bytes) -> Iterator[Practice]:
    """A copy of a practice for one use of it, after which each plug-in must be what it was before.

    What a plug-in remembers would tie arms, replications and workers together: a comparison of two arms that do the
    same would no longer be 0, and a second worker would change results.

    Raises
    ------
    StrategyError
        When a plug-in has changed.
    """
    practice: Practice = pickle.loads(pickled)
    plug_ins = {**practice.orchestrations, "grading": practice.grading, "allocation": practice.allocation}
    before = {name: pickle.dumps(plug_in) for name, plug_in in plug_ins.items()}
    yield practice
    for name, plug_in in plug_ins.items():
        if pickle.dumps(plug_in) != before[name]:
            raise StrategyError(
                f"strategy '{name}' ({type(plug_in).__name__}) changed while it ran; a strategy must not remember: "
                f"it decides from its parameters, what it sees and its luck"
            )


def _leave_time(arm: str, policy: ContactPolicy, scenario: Scenario) -> None:
    """Raise InputError where a channel would carry marketing at no time of the day: it would wait for ever."""
    for channel in shut_by_quiet(scenario, policy):
        message = f"arm '{arm}': quiet hours cover the hours in which {channel} carries anything; leave it some time"
        raise InputError(message)


def _journeys(practices: Mapping[str, Practice], scenario: Scenario) -> dict[str, Journey]:
    """The journeys of all arms.

    Raises
    ------
    InputError
        When one name stands for two different journeys: luck is keyed by it, and tables are counted by it.
    ScenarioError
        When a world of the scenario cannot run one of them.
    """
    found: dict[str, Journey] = {}
    for practice in practices.values():
        for name, journey in practice.journeys.items():
            if found.setdefault(name, journey) != journey:
                raise InputError(f"two arms run different journeys named '{name}'; give each a name of its own")
    for journey in found.values():
        refuse(journey, scenario)
    return found


def with_branches(scenario: Scenario, book: BookTable | None) -> Scenario:
    """The scenario with the branches that its book names."""
    if book is None:
        return scenario
    names = dict.fromkeys(book_branches(book), 0)
    population = scenario.population.model_copy(update={"branches": names})
    copy = scenario.model_copy(update={"population": population})
    copy._folder = scenario._folder
    return copy
