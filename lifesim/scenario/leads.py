"""Leads: what makes them beside an inquiry, a journey or a campaign, and how often they are graded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from lifesim.scenario.behaviour import Stage
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Name, PathError, PositiveDuration
from lifesim.scenario.wording import suggest

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

#: What customers do, as the insurer sees it, of which a lead can come; an inquiry is a lead in any case.
Behaviour = Literal["product_page", "proposal_read", "attended"]
BEHAVIOURS: tuple[Behaviour, ...] = ("product_page", "proposal_read", "attended")


class Mined(Part):
    """A behaviour that makes a lead."""

    content: Name = about("what the call about it says")
    stages: tuple[Stage, ...] = about(
        "stages, as the insurer estimates them, in which it makes a lead; none: all of them", default=()
    )


class Leads(Part):
    """How leads come out of behaviour, and when they are graded. A customer has one such lead at a time."""

    mined: dict[Behaviour, Mined] = about("behaviours that make a lead", default={})
    waits: PositiveDuration = about("time after which such a lead is withdrawn if nobody has taken it", default="14d")
    graded: PositiveDuration = about(
        "time between two gradings of the leads that wait, counted from midnight; inquiries are graded at once",
        default="4h",
    )


def leads_say_what_exists(scenario: Scenario) -> Iterator[PathError]:
    """Contents of calls about leads exist."""
    if scenario.leads is None:
        return
    for behaviour, mined in scenario.leads.mined.items():
        if mined.content not in scenario.contents:
            message = f"unknown content '{mined.content}'{suggest(mined.content, scenario.contents)}"
            yield PathError(("leads", "mined", behaviour, "content"), message)
