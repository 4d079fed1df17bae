"""What the columns and codes of a journey's tables mean."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

#: Where a way leads that ends the journey, and where there is no such way.
EXIT: Final = -1
NONE: Final = -2
#: A share of one: chances are whole numbers below it, so that a draw of 32 bits decides them.
WHOLE: Final = 2**32


class Kind(IntEnum):
    """What a row of `steps` does; A to D are its parameters.

    ========== ================================================================================================
    SEND       a content (B) by a channel (A), then NEXT
    DAILY      a content (B) by a channel (A) every day at second C, until a trigger or, after D seconds, OTHER
    WAIT       until a `Clock` (A, with B to D) says so, then NEXT
    AWAIT      a trigger, or after D seconds OTHER
    TEST       NEXT for those in audience A, OTHER for the rest
    ENGAGED    the first trigger that has happened since the touch of step A, else OTHER
    CHANCE     a branch by the customer's draw for this step; OTHER where the branch is full
    HAND_OVER  to an agent, message A, then NEXT
    NOTIFY     the serving agent, message A, then NEXT
    REPEAT     OTHER at most A times and unless in audience B, then NEXT
    GO         NEXT
    ========== ================================================================================================
    """

    SEND = 0
    DAILY = 1
    WAIT = 2
    AWAIT = 3
    TEST = 4
    ENGAGED = 5
    CHANCE = 6
    HAND_OVER = 7
    NOTIFY = 8
    REPEAT = 9
    GO = 10


class Clock(IntEnum):
    """What a wait waits for, in column A.

    ============= ===========================================================================================
    SPAN          B seconds
    CALENDAR      the next appointment of calendar B
    MOMENT        second B of the world; over at once where that is past
    CUSTOMER_DATE date B of the customer's own, C seconds on (below zero: before it); on that day at second D
    ============= ===========================================================================================
    """

    SPAN = 0
    CALENDAR = 1
    MOMENT = 2
    CUSTOMER_DATE = 3


class Way(IntEnum):
    """How an entry lets customers in; A to D are its parameters.

    ============= ===========================================================================================
    MOMENT        at second A of the world
    CALENDAR      at the appointments of calendar A
    TRIGGER       at a trigger
    LIFE_EVENT    when the insurer learns of a life event of kind A
    ENTERS        on coming to be in audience A
    LEAVES        on being in audience A no longer
    DID_NOT       A seconds after a trigger when none of the C triggers from B on has happened
    CUSTOMER_DATE as `Clock.CUSTOMER_DATE`, in B to D
    ============= ===========================================================================================
    """

    MOMENT = 0
    CALENDAR = 1
    TRIGGER = 2
    LIFE_EVENT = 3
    ENTERS = 4
    LEAVES = 5
    DID_NOT = 6
    CUSTOMER_DATE = 7


# Columns of `steps` and of `entries`. STEP: number of the step in the journey; of an entry its audience or NONE.
# FIRST, COUNT: rows of `triggers`, of `branches` for CHANCE.
KIND, STEP, NEXT, OTHER, FIRST, COUNT, A, B, C, D = range(10)
STEP_WIDTH: Final = 10
# Columns of `triggers`: event, what it is about (a number of `arguments`, a step for responses, or NONE for anything),
# days in a row, row of `steps` that follows, number of the way among those of the step.
T_EVENT, T_ABOUT, T_DAYS, T_NEXT, T_WAY = range(5)
TRIGGER_WIDTH: Final = 5
# Columns of `branches`: the branch takes draws below its bound; row that follows; customers at most, or NONE; control.
B_BOUND, B_NEXT, B_CAP, B_CONTROL = range(4)
#: What an enrolment says in `sends` while it is at a split with a cap: a place has been asked for, and the answer.
ASKED, GRANTED, FULL = 1, 2, 3
# Columns of `calendars`: sets of numbers as bits.
(M_MINUTES, M_HOURS, M_DAYS, M_MONTHS, M_WEEKDAYS, M_EITHER) = range(6)

# Where a world runs several journeys, rows refer to each other across all of them, and have further columns.
# Of steps: number of steps before it, and whether the row begins a step; cells of `State.ways` of its first way, of the
# ways to NEXT and OTHER (NONE where that is not a way out of the step), of those who leave there; the cell after that
# is of those who leave there because they have reached the goal.
ABOUT_STEP, BEGINS, W_FIRST, W_NEXT, W_OTHER, W_LEFT = range(10, 16)
RUNNING_WIDTH: Final = 16
# Of triggers: place in the marks of the run of days, or NONE.
T_RUN = 5
RUNNING_TRIGGER_WIDTH: Final = 6
# Cells of `State.ways` at the beginning of those of a journey. Refused: times that customers were kept out, for want of
# a place or because of the other journeys that they were in.
TOTALS: Final = ("entered", "converted", "seconds_to_goal", "refused_entries", "refused_journeys_at_once")
ENTERED, CONVERTED, SECONDS_TO_GOAL, NO_PLACE, TOO_MANY = range(len(TOTALS))
#: The ways of those who leave from a step because of `exit_on` or `exit_if`, and because they have reached the goal.
LEFT, REACHED_GOAL = ENDINGS = ("left", "reached_goal")
# Marks of an enrolment, with n steps: n visits; n memories, of a step that sends the responses as bits, of one that
# repeats how often it has gone back; two for each run of days, the day (from 1) and how many in a row by then.


# Columns of `recall_rules`: event, what it is about (NONE for anything), column of `State.recalled`.
RECALL_WIDTH: Final = 3
# What a row of an audience does, in column 0: push the truth of a comparison, turn the last one round, join two.
COMPARE, NOT, AND, OR = range(4)


class Seen(IntEnum):
    """What an audience asks about, in column 1 of its rows; column 2 says of which product, channel or segment."""

    AGE = 0
    BRANCH = 1
    STAGE = 2
    POLICIES = 3
    ORPHAN = 4
    TENURE = 5
    SINCE_SESSION = 6
    SINCE_TOUCH = 7
    TO_DUE = 8
    WAITS = 9
    CONSENTS = 10
    HOLDS = 11
    TAG = 12
    SUM_ASSURED = 13
    PREMIUM = 14
    CHURN_SCORE = 15
    SINCE = 16
    #: Likewise, where there are customers of whom the insurer may not use it.
    SINCE_HEALTH = 17
