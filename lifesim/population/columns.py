"""The columns of a world: everything a world is, beside the time.

Rows of one customer lie together (a record and three rows of small matrices), because the kernel works on
one customer at a time and the cost of a step is the memory it touches. Python sees the same memory as columns:
``state.customers["stage"]``. Times are integer seconds since the start of the warm-up; money is integer fen.
"""

from __future__ import annotations

import numpy as np

NEVER = 2**31 - 1
NONE = -1
DAY = 86_400
YEAR = 365 * DAY

AWARENESS, FIRST_PURCHASE, HOLDING, RENEWAL_UPSELL, CHURN_WARNING, LOST = range(6)
N_STAGES = 6

#: The six journey milestones, stamped with the day on which each is first reached.
MILESTONES = ("interest", "interaction", "analysis", "need_clear", "purchase", "referral")
#: The stamp of a milestone that has not been reached.
NO_DAY = 2**15 - 1
INTEREST, INTERACTION, ANALYSIS, NEED_CLEAR, PURCHASE, REFERRAL = range(6)

#: Why a customer is in LOST; those of the last row are not churn: death, the last policy matured, or ended by a claim.
LOST_CAUSES = ("none", "competitor", "surrendered", "lapsed", "disappointed", "drifted",
               "died", "matured", "claimed")  # fmt: skip
(CAUSE_NONE, CAUSE_COMPETITOR, CAUSE_SURRENDERED, CAUSE_LAPSED, CAUSE_DISAPPOINTED, CAUSE_DRIFTED,
 CAUSE_DIED, CAUSE_MATURED, CAUSE_CLAIMED) = range(9)  # fmt: skip

#: Phases of the churn warning, in ascending weight.
DISSATISFIED, COMPLAINED, SILENT, TO_REGULATOR = 1, 2, 3, 4

KEPT, REFUSES_TARGETING, ORPHAN, COMPARER, PRESENT, HELD_AT_FORK, FIRST_BOUGHT = 1, 2, 4, 8, 16, 32, 64
#: Who held a policy at the fork and has bought another since.
BOUGHT_MORE = 128
#: Mark of a customer whose latest loss was not churn.
LEFT_IN_ORDER = 256
#: Whose protection gap somebody has gone through with them since the fork.
GAP_ASSESSED = 512
#: From this bit of the marks on: the channel by which the customer was advised best in the present stage, its place in
#: ``scenario.channels.CHANNELS`` counted from 1; 0 for none.
ADVISED_BY, MARKS_BELOW = 12, (1 << 12) - 1

CUSTOMER = np.dtype(
    [
        ("key", "u8"),  # identity; all luck of the customer is keyed by it
        ("joined", "i4"),
        ("stage_since", "i4"),
        ("rated_at", "i4"),  # when the background hazards were last evaluated
        ("refresh_at", "i4"),  # the six ways a customer wakes
        ("clock_at", "i4"),
        ("session_at", "i4"),
        ("touch_at", "i4"),  # the next of touches and of steps of journeys
        ("policy_at", "i4"),
        ("life_at", "i4"),  # next life event, or the next year of the calendar of life events
        ("settled_at", "i4"),
        ("claimed_at", "i4"),
        ("first_touch", "i4"),  # heads of linked lists in the pools
        ("first_policy", "i4"),
        ("candidate", "u4"),  # candidate session from which the next is looked for; its activity time in days
        ("activity", "f8"),
        ("claimed", "i8"),  # fen of the claim that is being settled
        ("account", "u4"),  # where outcomes are added up
        ("session_rate", "f4"),  # visits a day, from lasting traits only
        ("last_session", "i4"),
        ("answered_at", "i4"),  # last conversation with an adviser
        ("first_enrolment", "i4"),  # in journeys: head of a list as above
        ("milestones", "i2", (len(MILESTONES),)),  # the day
        ("recent_sends", "i4", (4,)),  # latest marketing touches, for the rolling cap
        ("visits", "u2", (N_STAGES,)),  # episodes begun, by stage
        ("marks", "u2"),
        ("consent", "u2"),  # bit per channel
        ("reach", "u2"),  # bit per channel
        ("clock", "u1"),  # slot of the clock that fires next
        ("stage", "u1"),
        ("phase", "u1"),
        ("cause", "u1"),
        ("seen_stage", "u1"),  # what the insurer believes
        ("segment", "u1"),
        ("branch", "u1"),
        ("source", "u1"),
        ("policies", "u1"),  # in force or in grace
        ("waits", "u1"),  # inquiries that wait for an adviser
        ("bought", "u1"),  # policies ever, and applications
        ("claim_product", "u1"),
        ("claim_outcome", "u1"),  # of the claim that is being settled
        ("held", "u1"),  # leads in the pool of a desk: while there are any, advanced slot by slot, not ahead
    ],
    align=True,
)

#: What became of customers since the fork; all zero at the fork but what is counted then. Money in fen. A row for
#: each account, see ``population.accounts``, or for each customer of a world of twins.
OUTCOME = np.dtype(
    [
        ("premium", "i8"),
        ("ape", "i8"),
        ("claims", "i8"),
        ("commission", "i8"),
        ("cash_value", "i8"),
        ("maturity", "i8"),
        ("death_benefit", "i8"),
        ("value", "i8"),  # of new business and renewals, before contact, benefit and acquisition cost
        ("refund", "i8"),
        ("claw_back", "i8"),
        ("contact", "i8"),
        ("benefit", "i8"),
        ("acquisition", "i8"),
        ("sessions", "i8"),
        ("first_purchases", "i8"),
        ("purchases", "i8"),
        ("sent", "i8"),
        ("delivered", "i8"),
        ("opened", "i8"),
        ("opt_outs", "i8"),
        ("complaints", "i8"),
        ("regulator_complaints", "i8"),
        ("claims_made", "i8"),
        ("referred", "i8"),
        ("reinstated", "i8"),
        ("returned", "i8"),
        ("decided", "i8"),  # applications that have come to an end
        ("accepted", "i8"),  # of those, policies issued
        ("new_month_13", "i8"),  # new long-term policies whose 13th month is settled before the end
        ("kept_month_13", "i8"),  # of those, the premium of that month was paid
        ("new_month_25", "i8"),
        ("kept_month_25", "i8"),
        ("new_premium_13", "i8"),  # annual premium of the same policies
        ("kept_premium_13", "i8"),
        ("new_premium_25", "i8"),
        ("kept_premium_25", "i8"),
        ("long_at_fork", "i8"),  # long-term policies in force at the fork
        ("lapsed_of_fork", "i8"),  # of those
        ("surrendered_of_fork", "i8"),
        ("suspended", "i8"),  # since the fork, or then
        ("short_due", "i8"),  # short covers that ended since the fork, with the grace period over before the end
        ("short_again", "i8"),  # of those, bought again
        ("first_year_premium", "i8"),  # of the premium, that of first policy years
        ("again_premium", "i8"),  # of the premium, that of short cover bought again
        ("prospecting", "i8"),  # of all cost, that spent on customers while they held no policy
        ("worth", "i8"),  # value less all cost, each discounted to the fork
        ("residual", "i8"),  # of the policies in force at the end, discounted to the fork; 0 before
        ("due", "i8"),
        ("paid", "i8"),
        ("due_settled", "i8"),  # of long-term policies since the fork, grace over before the end
        ("paid_settled", "i8"),  # of those
        ("unpaid_settled", "i8"),  # of those due, not paid on the day
        ("recovered_settled", "i8"),  # of those, paid in grace
        ("warnings", "i8"),  # begun since the fork, or under way then
        ("saves", "i8"),
        ("losses", "i8"),  # churn alone
        ("inquiries", "i8"),
        ("answered", "i8"),
        ("unfollows", "i8"),
        ("deletions", "i8"),  # of contacts on WeCom
        ("gap_assessments", "i8"),
        ("levers", "i8"),  # what is paid for agents to be better, shared out at the end; 0 before
    ],
    align=True,
)

#: One hazard clock of one customer; packed, because everybody has several.
CLOCK = np.dtype(
    [
        ("residual", "f8"),  # threshold not yet used up, at ``rated_at`` and ``excess_at``
        ("rate", "f4"),  # background hazard per second since ``rated_at``
        # Which threshold of this clock it is, from 1; of a clock of a stage, the number of the visit, and one more for
        # each firing in it. After 65,536 of them the luck of one clock of one customer begins anew.
        ("episode", "u2"),
    ]
)

#: The extra hazard of a clock that some content lifts.
LIFT = np.dtype([("excess", "f4"), ("at", "i4")], align=True)  # per second at that time, decaying

#: One state of mind of one customer: its distance from the baseline at a time.
MIND = np.dtype([("offset", "f4"), ("at", "i4")], align=True)

#: What the insurer keeps of one customer for the score of early warning and for estimates from observables.
SIGNAL = np.dtype(
    [
        ("complained", "i4"),  # when last; 0 never
        ("looks", "i4"),  # how often activity was looked at
        ("usual", "f4"),  # share of looks since the one before which the customer was active: slow and fast average
        ("recent", "f4"),
        ("score", "f4"),  # 0 to 1; 0 of those who hold no policy, or refuse targeting
        ("tag", "u1"),  # number of the segment from observables, from 1; 0 before the first look
        ("unanswered", "u1"),  # touches that arrived since the customer last responded to one, as far as a byte goes
        ("opt_outs", "u1"),  # consents and contacts taken back
    ],
    align=True,
)

POLICY = np.dtype(
    [
        ("customer", "i4"),
        ("next", "i4"),  # next policy of the customer, or next free place
        ("issued", "i4"),
        ("at", "i4"),  # when something happens to it next
        ("premium", "i8"),  # a year
        ("number", "u4"),  # n-th policy of the customer: part of its luck
        ("paid", "u2"),  # instalments since issue: the number of the next one is one more
        ("product", "u1"),
        ("status", "u1"),
        ("times", "u1"),  # instalments a year
        ("causes", "u1"),  # why the premium in grace is not paid, or is not any more: bit per cause
        ("cured", "u1"),  # causes that cannot keep the next premium from being paid
        ("recovers", "u1"),  # causes that will be gone by the end of grace
        ("marks", "u1"),
    ],
    align=True,
)
#: Noticed: ``at`` is the due date; in force: it is the notice of one; suspended: reinstatement, or the end; returning:
#: the day of the cooling-off period on which the policy is given back; applied: the decision; barred: an application
#: that came to nothing, until the customer may apply again. Those from suspended on are not policies held.
IN_FORCE, NOTICED, GRACE, PAID_UP, RETURNING, SUSPENDED, APPLIED, BARRED = range(8)
#: Statuses of a policy that is in force, or in grace, and not about to be given back.
STANDING = (IN_FORCE, NOTICED, GRACE, PAID_UP)
#: Marks of a policy: reinstated once; the customer's first; at a higher premium; without some of the risks; a claim
#: that would end it is being settled; it is long-term and was in force at the fork, and has not ended since.
REINSTATED, FIRST, LOADED, EXCLUDED, CLAIMED, OF_FORK = 1, 2, 4, 8, 16, 128
#: What becomes of an application for a policy that is underwritten.
APPLICATION_OUTCOMES = (
    "health_declaration", "declined", "postponed", "excluded", "loaded", "standard", "withdrawn",
)  # fmt: skip
O_GIVEN_UP, O_DECLINED, O_POSTPONED, O_EXCLUDED, O_LOADED, O_STANDARD, O_WITHDRAWN = range(len(APPLICATION_OUTCOMES))
#: Policy years that are told apart; the last one holds all later ones.
POLICY_YEARS = 31
#: From the due date back to the notice that begins RENEWAL_UPSELL.
NOTICE = 60 * DAY

TOUCH = np.dtype(
    [
        ("luck", "u8"),
        ("customer", "i4"),
        ("next", "i4"),
        ("at", "i4"),
        ("campaign", "u2"),
        ("content", "u1"),
        ("channel", "u1"),
        ("status", "u1"),
        ("lead", "u1"),  # of a lead that somebody took, bits: see below
        ("step", "u1"),  # of the journey that sent it, counted from 1; 0 of anything else
        ("hour", "u1"),  # of the day, of the delivery
        ("skill", "f4"),
    ],
    align=True,
)
#: Counts of deliveries and of openings, by hour of the day.
HOURS_SEEN = 48
#: Reminded: of a seat at an offline event; it travels on, and its owner will come. Fading: it has been taken in, and
#: brings visits for some time; ``skill`` then holds when it began, ``step`` what has been counted.
TRAVELLING, DELIVERED, REMINDED, FADING = 0, 1, 2, 3
#: The call answers an inquiry; the customer is assigned to whoever took it; that is an agent; nobody is addressed; it
#: is known to connect.
ANSWERS, ASSIGNS, TO_AGENT, UNSPOKEN, CONNECTED = 1, 2, 4, 8, 16

#: One customer in one journey: kept when they have left, because re-entry and the goal ask for it. Whose it is says the
#: list of the customer.
ENROLMENT = np.dtype(
    [
        ("next", "i4"),  # next enrolment of the customer, or next free place
        ("entered", "i4"),
        ("course", "i4"),  # place of it, while there is one; else ``NONE``, or once they have left ``GONE`` less when
        ("entries", "u2"),
        ("journey", "u1"),
        ("converted", "u1"),  # has reached the goal since the latest entry
    ],
    align=True,
)

#: An enrolment without a course says when the customer left: so many seconds below this.
GONE = -2

#: How far a customer is in a journey: there is one of those who are in it, and of those who come in unless something
#: follows; given up when they leave, who are many more.
COURSE = np.dtype(
    [
        ("next", "i4"),  # next free place
        ("at", "i4"),  # when the journey goes on by itself
        ("row", "i4"),  # of the steps of all journeys; of its entries, of those who are not in it yet
        ("until", "i4"),  # when the wait for something ends; of those who are not in it, what follows in the enrolment
        ("sends", "u2"),  # at this visit of the step
        ("inside", "u1"),
        ("waits", "u1"),  # the row has been begun, and goes on at ``at``
    ],
    align=True,
)

#: Something that the insurer noticed in the step that a customer has just made; journeys hear of it after the step.
NOTE = np.dtype([("event", "i4"), ("about", "i4")], align=True)
#: Most of what can be noticed in one step.
NOTES = 1_024

EVENT = np.dtype(
    [("time", "i4"), ("customer", "i4"), ("kind", "u1"), ("detail", "i4"), ("amount", "i8")],
    align=True,
)
EVENTS = (
    "stage", "session", "product_page", "service_use", "inquiry", "purchase", "premium", "unpaid", "lapse",
    "claim", "complaint", "refer", "life_event", "delivered", "failed", "opened", "opt_out", "decision",
    "phase", "surrender", "mechanism", "joined", "reinstated", "ended",
    "returned", "settled", "request", "regulator", "application", "underwritten",
    "death", "matured", "claim_ended", "orphaned", "agent_assigned", "unfollowed", "contact_deleted",
)  # fmt: skip
(E_STAGE, E_SESSION, E_PRODUCT_PAGE, E_SERVICE_USE, E_INQUIRY, E_PURCHASE, E_PREMIUM, E_UNPAID, E_LAPSE,
 E_CLAIM, E_COMPLAINT, E_REFER, E_LIFE_EVENT, E_DELIVERED, E_FAILED, E_OPENED, E_OPT_OUT, E_DECISION,
 E_PHASE, E_SURRENDER, E_MECHANISM, E_JOINED, E_REINSTATED, E_ENDED, E_RETURNED, E_SETTLED,
 E_REQUEST, E_REGULATOR, E_APPLICATION, E_UNDERWRITTEN,
 E_DEATH, E_MATURED, E_CLAIM_ENDED, E_ORPHANED, E_AGENT_ASSIGNED, E_UNFOLLOWED,
 E_DELETED) = range(len(EVENTS))  # fmt: skip

#: What becomes of a claim.
CLAIM_OUTCOMES = ("paid", "reduced", "refused")
CLAIM_PAID, CLAIM_REDUCED, CLAIM_REFUSED = range(len(CLAIM_OUTCOMES))

REQUEST = np.dtype(
    [
        ("luck", "u8"),  # of what a journey asks for
        ("time", "i4"),
        ("customer", "i4"),
        ("kind", "i4"),
        ("detail", "i4"),  # of what a journey asks for, the channel
        ("campaign", "u2"),
        ("content", "u1"),
        ("step", "u1"),
    ],
    align=True,
)
#: Journeys ask for a call or chat, for somebody who takes the customer over, or who is told. Where a path takes so many
#: and no more, they ask for a place in it; where seats at an event are few, for one of them. Two ask for nothing: a
#: life event has happened, of which the insurer may learn; the customer did something, by number in ``detail``, of
#: which a lead may come. Where the contact policy has budgets, rates or limited entries, touches and customers wait
#: for their turn.
ASK_ADVISER, NEW_FRIEND, CALL, HAND_OVER, NOTIFY, HAPPENED, PLACE, KEY_BEHAVIOUR, SEND, ENTER, BOOKING = range(11)

#: New policies, their annual premium, premium received.
MONTH_COLUMNS = 3
BLOCK = 64
COUNTS = np.dtype(
    [
        ("customers", "i8"),
        ("events", "i8"),  # in the buffer
        ("requests", "i8"),  # in the buffer
        ("free_policy", "i8"),  # head of the free places of a pool
        ("free_touch", "i8"),
        ("free_enrolment", "i8"),
        ("enrolments_left", "i8"),  # free places
        ("free_course", "i8"),
        ("courses_left", "i8"),
        ("noted", "i8"),  # in the list of what journeys hear of after the step
        ("running", "i8"),  # bit per journey that the arm runs
        ("entering", "i8"),  # bit per observed event at which customers may enter one of these
        ("fork", "i8"),  # when outcomes began to be counted
        ("twins", "i8"),  # 1: every customer has outcomes of its own
        (
            "busy_customer",
            "i8",
        ),  # to whom a touch, or a step of a journey, came last; when; how often before in that second
        ("busy_second", "i8"),
        ("busy_times", "i8"),
        ("touches_left", "i8"),  # free places
    ]
)

TOUCH_OUTCOMES = ("requested", "delivered", "failed", "opened", "opted_out", "suppressed_consent",
                  "suppressed_reach", "suppressed_cap", "suppressed_targeting", "withdrawn",
                  "carried_over")  # fmt: skip
(T_REQUESTED, T_DELIVERED, T_FAILED, T_OPENED, T_OPTED_OUT, T_CONSENT, T_REACH, T_CAP, T_TARGETING,
 T_WITHDRAWN, T_CARRIED_OVER) = range(len(TOUCH_OUTCOMES))  # fmt: skip
