"""What must hold between the parts of a scenario: names that exist, limits of what can be stored.

Each check takes a scenario and yields complaints. Checks are separate so that, where one part of a file is not valid,
those that do not need it still find what else is wrong.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lifesim.scenario.agent_levers import levers_are_known
from lifesim.scenario.behaviour import unknown
from lifesim.scenario.channel_checks import CHANNEL_CHECKS
from lifesim.scenario.contact_checks import CONTACT_CHECKS
from lifesim.scenario.episode_checks import EPISODE_CHECKS
from lifesim.scenario.leads import leads_are_worked_by_somebody, leads_say_what_exists
from lifesim.scenario.operation import work_says_what_exists
from lifesim.scenario.people import sums_to_one
from lifesim.scenario.quantities import DAY, LONGEST_YEARS, YEAR
from lifesim.scenario.units import PathError
from lifesim.scenario.wording import suggest
from lifesim.scenario.workdays import calendar_covers
from lifesim.scenario.workforce import (
    agents_advise_on_what_is_sold,
    agents_work_beside_the_desk,
    branches_have_agents,
    orphans_go_to_somebody,
    rounds_are_in_hours,
)

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

Found = Iterator[PathError]

#: Segment of the rows of a table that are about all customers.
EVERYONE = "all"
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
#: Numbers of segments, products and the like are stored in a byte.
_MOST = 250
_OLDEST = 120
#: Costs of a customer are summed in 32 bits of fen, up to 21 million CNY.
_DEAREST = 10_000


def control_exists(scenario: Scenario) -> Found:
    """The control is one of the arms."""
    control = scenario.experiment.control
    if control not in scenario.arms:
        hint = suggest(control, scenario.arms) if scenario.arms else ""
        yield PathError(("arms",), f"the control arm '{control}' is missing{hint or '; add it'}")


def ladder_is_of_arms(scenario: Scenario) -> Found:
    """A ladder leads from the control over other arms."""
    ladder = scenario.measure.ladder
    for k, name in enumerate(ladder):
        if name not in scenario.arms:
            yield PathError(("measure", "ladder", k), f"unknown arm '{name}'{suggest(name, scenario.arms)}")
        elif name in ladder[:k]:
            yield PathError(("measure", "ladder", k), f"'{name}' is on the ladder twice")
    if ladder and (len(ladder) < 2 or ladder[0] != scenario.experiment.control):
        message = f"a ladder leads from '{scenario.experiment.control}', the control, to at least one other arm"
        yield PathError(("measure", "ladder"), message)


def traffic_is_of_sources(scenario: Scenario) -> Found:
    """Arms change the traffic of sources that exist."""
    for group in ("arms", "practices"):
        for name, arm in getattr(scenario, group).items():
            for source in arm.traffic:
                if source not in scenario.acquisition:
                    message = f"unknown source '{source}'{suggest(source, scenario.acquisition)}"
                    yield PathError((group, name, "traffic", source), message, at_key=True)


def practices_exist(scenario: Scenario) -> Found:
    """Arms start from practices that exist."""
    for group, arms in (("arms", scenario.arms), ("practices", scenario.practices)):
        for name, arm in arms.items():
            if arm.use is not None and group == "practices":
                yield PathError((group, name, "use"), "only an arm can use a practice; write the plug-ins out")
            elif arm.use is not None and arm.use not in scenario.practices:
                hint = suggest(arm.use, scenario.practices)
                yield PathError((group, name, "use"), f"unknown practice '{arm.use}'{hint}")


def segments_exist(scenario: Scenario) -> Found:
    """The population is made of segments that exist; none is called as all of them together are."""
    if EVERYONE in scenario.segments:
        yield PathError(("segments", EVERYONE), "is what tables call everyone; choose another name", at_key=True)
    yield from unknown(scenario.population.segments or {}, scenario.segments, ("population", "segments"), "segment")


def book_segment_exists(scenario: Scenario) -> Found:
    """The one segment of a book exists."""
    book = scenario.population.book
    if book is not None and book.segment is not None and book.segment not in scenario.segments:
        hint = suggest(book.segment, scenario.segments)
        yield PathError(("population", "book", "segment"), f"unknown segment '{book.segment}'{hint}")


def traits_are_complete(scenario: Scenario) -> Found:
    """Every segment gives a distribution for every trait, and for nothing else."""
    traits = scenario.behaviour.traits
    for name, segment in scenario.segments.items():
        path = ("segments", name, "traits")
        yield from unknown(segment.traits, traits, path, "trait")
        missing = [trait for trait in traits if trait not in segment.traits]
        if missing:
            yield PathError(path, f"has no distribution for {', '.join(missing)}; add it, or use {{mean: 0, sd: 1, …}}")
    for k, correlation in enumerate(scenario.correlations):
        for place, trait in enumerate(correlation.traits):
            if trait not in traits:
                message = f"unknown trait '{trait}'{suggest(trait, traits)}"
                yield PathError(("correlations", k, "traits", place), message)


def products_exist(scenario: Scenario) -> Found:
    """Books of segments hold products that exist."""
    for name, segment in scenario.segments.items():
        yield from unknown(segment.book, scenario.products, ("segments", name, "book"), "product")


def shares_of_segments_sum_to_one(scenario: Scenario) -> Found:
    """Shares of stages and of products do; here, so that a wrong sum does not hide a wrong product."""
    for name, segment in scenario.segments.items():
        yield from sums_to_one(segment.start, ("segments", name, "start"))
        yield from sums_to_one(segment.book, ("segments", name, "book"))


def sources_bring_segments(scenario: Scenario) -> Found:
    """Arrivals are of segments that exist."""
    for name, source in scenario.acquisition.items():
        path = ("acquisition", name, "segments")
        yield from unknown(source.segments, scenario.segments, path, "segment")
        yield from sums_to_one(source.segments, path)


def contents_move_what_exists(scenario: Scenario) -> Found:
    """Contents move states, lift hazards, and lead to product pages, that exist."""
    for name, content in scenario.contents.items():
        yield from unknown(content.impulses, scenario.behaviour.states, ("contents", name, "impulses"), "state")
        harm = content.aim.harm if content.aim else {}
        pulls = content.activity.depends if content.activity else {}
        yield from unknown(pulls, scenario.behaviour.covariates, ("contents", name, "activity", "depends"), "covariate")
        yield from unknown(harm, scenario.behaviour.states, ("contents", name, "aim", "harm"), "state")
        yield from unknown(content.lifts, _hazards(scenario), ("contents", name, "lifts"), "transition or process")
        if content.page is not None and content.page not in scenario.products:
            hint = suggest(content.page, scenario.products)
            yield PathError(("contents", name, "page"), f"unknown product '{content.page}'{hint}")


def desk_says_what_exists(scenario: Scenario) -> Found:
    """The desk's content exists."""
    content = scenario.desk.content
    if content not in scenario.contents:
        yield PathError(("desk", "content"), f"unknown content '{content}'{suggest(content, scenario.contents)}")


def products_depend_on_what_exists(scenario: Scenario) -> Found:
    """Choices and renewals depend on covariates that exist."""
    for name, product in scenario.products.items():
        for part in ("choice", "renewal", "recovery"):
            way = getattr(product, part)
            path = ("products", name, part, "depends")
            yield from unknown(way.depends if way else {}, scenario.behaviour.covariates, path, "covariate")
    yield from unknown(scenario.closing, scenario.behaviour.covariates, ("closing",), "covariate")


def life_events_move_what_exists(scenario: Scenario) -> Found:
    """Life events depend on traits, and move states, that exist; bands of age need an age in years."""
    traits = scenario.behaviour.traits
    for name, event in scenario.behaviour.life_events.items():
        path = ("behaviour", "life_events", name)
        yield from unknown(event.depends, traits, (*path, "depends"), "trait")
        yield from unknown(event.impulses, scenario.behaviour.states, (*path, "impulses"), "state")
        if event.ages and ("age" not in traits or traits["age"].log):
            yield PathError((*path, "ages"), "needs a trait `age` in years, without log")


def wanted_cover_depends_on_what_exists(scenario: Scenario) -> Found:
    """Wanted cover is a multiple of the income, and depends on traits and states that exist."""
    behaviour = scenario.behaviour
    income = behaviour.traits.get("income")
    if behaviour.cover and (income is None or not income.log):
        yield PathError(("behaviour", "cover"), "needs a trait `income` with `log: true`, of which cover is a multiple")
    names = [*behaviour.traits, *behaviour.states]
    for family, cover in behaviour.cover.items():
        yield from unknown(cover.depends, names, ("behaviour", "cover", family, "depends"), "trait or state")


def ages_are_known(scenario: Scenario) -> Found:
    """Where claims or underwriting depend on age there is a trait that says how old a customer is."""
    age = scenario.behaviour.traits.get("age")
    for name, product in scenario.products.items():
        bands = product.underwriting.by_age if product.underwriting else ()
        for part, by_age in (("claims", bool(product.claims.by_age)), ("underwriting", len(bands) > 1)):
            if by_age and (age is None or age.log):
                why = "there is none" if age is None else "it is logarithmic"
                yield PathError(("products", name, part, "by_age"), f"needs the trait `age` in years, and {why}")


def incomes_are_known(scenario: Scenario) -> Found:
    """Where underwriting looks at the income there is a trait that says how high it is."""
    income = scenario.behaviour.traits.get("income")
    for name, product in scenario.products.items():
        limit = product.underwriting.max_sum_assured if product.underwriting else None
        if limit is not None and (income is None or not income.log):
            path = ("products", name, "underwriting", "max_sum_assured")
            yield PathError(path, "needs a trait `income` with `log: true`, of which it is a multiple")


def sums_can_be_insured(scenario: Scenario) -> Found:
    """Underwriting accepts somebody: those with the lowest incomes, or those with the highest, for a median premium."""
    income = scenario.behaviour.traits.get("income")
    given = [segment.traits["income"] for segment in scenario.segments.values() if "income" in segment.traits]
    for name, product in scenario.products.items():
        limit = product.underwriting.max_sum_assured if product.underwriting else None
        if limit is None or income is None or not given:
            continue
        ends = (min(each.low for each in given), max(each.high for each in given))
        elastic = product.premium.income_elasticity
        insured = [
            product.premium.median / 100 * (end / income.center) ** elastic * product.sum_assured.multiple
            for end in ends
        ]
        if all(sum_assured > limit * end for sum_assured, end in zip(insured, ends, strict=True)):
            message = (
                f"insures {insured[1]:,.0f} CNY at an income of {ends[1]:,.0f} a year, of which underwriting accepts "
                f"{limit:g} years at most, {limit * ends[1]:,.0f} CNY: nobody could have it; lower the multiple"
            )
            yield PathError(("products", name, "sum_assured", "multiple"), message)


def ages_are_those_of_people(scenario: Scenario) -> Found:
    """Nobody is younger than 0 or older than 120 years."""
    age = scenario.behaviour.traits.get("age")
    if age is None or age.log:
        return
    for name, segment in scenario.segments.items():
        given = segment.traits.get("age")
        if given is not None and given.low < 0:
            yield PathError(("segments", name, "traits", "age", "low"), "is below 0 years; write 18 for adults")
        if given is not None and given.high > _OLDEST:
            yield PathError(("segments", name, "traits", "age", "high"), f"is above {_OLDEST} years")


def clocks_know_segments(scenario: Scenario) -> Found:
    """Factors of clocks are by segments that exist."""
    for group in ("transitions", "processes"):
        for name, clock in getattr(scenario.behaviour, group).items():
            yield from unknown(clock.segments, scenario.segments, ("behaviour", group, name, "segments"), "segment")


def _hazards(scenario: Scenario) -> list[str]:
    return [*scenario.behaviour.transitions, *scenario.behaviour.processes]


def days_are_whole(scenario: Scenario) -> Found:
    """Warm-up and horizon end at midnight."""
    for name in ("warm_up", "horizon"):
        seconds = getattr(scenario, name)
        if seconds % DAY:
            days = -(-seconds // DAY)
            yield PathError((name,), f"must be a whole number of days; write {days}d")


def time_fits(scenario: Scenario) -> Found:
    """No time is further away than can be stored."""
    if scenario.warm_up + scenario.horizon > LONGEST_YEARS * YEAR:
        yield PathError(("horizon",), f"is too long; warm-up and horizon together take {LONGEST_YEARS}y at most")


def ages_fit(scenario: Scenario) -> Found:
    """No policy is older than can be stored."""
    for name, segment in scenario.segments.items():
        if segment.policy_years.high > LONGEST_YEARS:
            path = ("segments", name, "policy_years", "high")
            yield PathError(path, f"must be at most {LONGEST_YEARS}, the age in years of the oldest policy")


def nothing_has_matured(scenario: Scenario) -> Found:
    """No policy at the start is older than the term of its product."""
    used = scenario.population.segments or scenario.segments
    for name, segment in scenario.segments.items():
        if name not in used:
            continue
        for product in sorted(scenario.products.keys() & segment.book.keys()):
            maturity = scenario.products[product].maturity
            if maturity is not None and segment.policy_years.high >= maturity.after:
                oldest = f"{segment.policy_years.high:g}, the age in years of the oldest policies of segment {name}"
                yield PathError(("products", product, "maturity", "after"), f"must be above {oldest} at the start")


def start_is_in_the_calendar(scenario: Scenario) -> Found:
    """The calendar reaches from the warm-up to the end."""
    first, last = datetime.date(_FIRST_YEAR, 1, 1), datetime.date(_LAST_YEAR, 1, 1)
    if not first <= scenario.start <= last:
        yield PathError(("start",), f"must lie between {first} and {last}")


def numbers_fit(scenario: Scenario) -> Found:
    """There are no more things of a kind than can be told apart."""
    for name in ("segments", "products", "contents", "acquisition"):
        yield from _few(len(getattr(scenario, name)), (name,))


def branches_fit(scenario: Scenario) -> Found:
    """There are no more branches than can be told apart."""
    yield from _few(len(scenario.population.branches), ("population", "branches"))


def _few(number: int, path: tuple[str | int, ...]) -> Found:
    if number > _MOST:
        yield PathError(path, f"has {number} entries; at most {_MOST} are possible")


def costs_fit(scenario: Scenario) -> Found:
    """No single cost is so high that a customer's sum would overflow."""
    costs: list[tuple[tuple[str, ...], int]] = [(("desk", "cost"), scenario.desk.cost)]
    costs += [(("channels", name, "cost"), rules.cost) for name, rules in scenario.channels.items()]
    costs += [(("contents", name, "benefit"), content.benefit) for name, content in scenario.contents.items()]
    if scenario.leads is not None and scenario.leads.dialling is not None:
        costs.append((("leads", "dialling", "cost"), scenario.leads.dialling.cost))
    costs += [(("acquisition", name, "cost"), source.cost) for name, source in scenario.acquisition.items()]
    for path, fen in costs:
        if fen > _DEAREST * 100:
            yield PathError(path, f"must be at most {_DEAREST:,} CNY")


CHECKS: tuple[Callable[[Scenario], Found], ...] = (
    control_exists, ladder_is_of_arms, practices_exist, traffic_is_of_sources, segments_exist, book_segment_exists,
    traits_are_complete, products_exist, shares_of_segments_sum_to_one, sources_bring_segments,
    contents_move_what_exists,
    desk_says_what_exists, leads_say_what_exists, products_depend_on_what_exists, life_events_move_what_exists,
    wanted_cover_depends_on_what_exists, ages_are_known, incomes_are_known, sums_can_be_insured,
    ages_are_those_of_people, clocks_know_segments, days_are_whole,
    time_fits, ages_fit, nothing_has_matured, start_is_in_the_calendar, numbers_fit, branches_fit, costs_fit,
    calendar_covers, levers_are_known, *CHANNEL_CHECKS, *EPISODE_CHECKS, *CONTACT_CHECKS,
    agents_advise_on_what_is_sold, agents_work_beside_the_desk, branches_have_agents,
    orphans_go_to_somebody, leads_are_worked_by_somebody, work_says_what_exists,
    rounds_are_in_hours,
)  # fmt: skip
