"""The entries of a journey as rows."""

from __future__ import annotations

from lifesim.engagement.journeys.clocks import dated, seconds
from lifesim.engagement.journeys.layout import EXIT, NONE, Clock, Way
from lifesim.engagement.journeys.registers import Registers
from lifesim.scenario.journeys.calendar import parse_cron, parse_every, parse_time
from lifesim.scenario.journeys.entries import (
    ByCron,
    ByDate,
    DidNot,
    Enters,
    EntryBase,
    Leaves,
    Once,
    OnEvent,
    OnLifeEvent,
    Recurring,
)
from lifesim.scenario.needs import LIFE_EVENTS

Parameters = tuple[int, int, int, int]


def entry_row(entry: EntryBase, registers: Registers) -> tuple[int, ...]:
    """The row of an entry: columns as those of a step, with the audience in place of the step."""
    first = len(registers.triggers)
    watched = entry.on if isinstance(entry, OnEvent) else entry.did if isinstance(entry, DidNot) else None
    if watched is not None:
        registers.add_triggers(watched, 0)
    count = len(registers.triggers) - first
    way, parameters = _way(entry, registers)
    return way, registers.audiences.optional(entry.who), 0, EXIT, first, count, *parameters


def _way(entry: EntryBase, registers: Registers) -> tuple[Way, Parameters]:
    if isinstance(entry, Once):
        return Way.MOMENT, (seconds(parse_time(entry.at), registers.zero), 0, 0, 0)
    if isinstance(entry, Recurring | ByCron):
        calendar = parse_every(entry.every) if isinstance(entry, Recurring) else parse_cron(entry.cron)
        return Way.CALENDAR, (registers.calendars.number(calendar), 0, 0, 0)
    if isinstance(entry, OnEvent):
        return Way.TRIGGER, (0, 0, 0, 0)
    if isinstance(entry, OnLifeEvent):
        return Way.LIFE_EVENT, (LIFE_EVENTS.index(entry.life_event), 0, 0, 0)
    if isinstance(entry, Enters):
        return Way.ENTERS, (registers.audiences.number(entry.enters), 0, 0, 0)
    if isinstance(entry, Leaves):
        return Way.LEAVES, (registers.audiences.number(entry.leaves), 0, 0, 0)
    if isinstance(entry, DidNot):
        first = len(registers.triggers)
        registers.add_triggers(entry.but_not, EXIT)
        return Way.DID_NOT, (entry.within, first, len(registers.triggers) - first, 0)
    assert isinstance(entry, ByDate)
    clock, *rest = dated(entry.before, -entry.by, entry.at, registers)
    if clock == Clock.MOMENT:
        return Way.MOMENT, (rest[0], 0, 0, 0)
    return Way.CUSTOMER_DATE, (NONE, rest[0], rest[1], rest[2])
