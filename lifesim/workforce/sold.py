"""Who sold what: policies credited to the staff, or to nobody, since the fork."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lifesim.scenario import Scenario
from lifesim.workforce.agents import Ints
from lifesim.workforce.staff import BY_TIER, GOOD, Staff

#: What is counted from the fork on where there are agents, by branch of the customer, seller and measure: policies
#: issued, their annual premium and new business value; policies that an agent sold to an own customer without a lead
#: from head office; policies that somebody else, or nobody, sold to a customer of the agent; leads that agents ignored;
#: commission that agents earn on these policies in the first year, on the annual premium; policies sold on a lead that
#: had come back from an agent before, their annual premium and new business value.
SOLD_BY = "sold_by"
SOLD_MEASURES = (
    "policies", "ape_fen", "nbv_fen", "own_policies", "bypassed", "ignored", "commission_fen",
    "recycled_policies", "recycled_ape_fen", "recycled_nbv_fen",
)  # fmt: skip
(POLICIES, APE_FEN, NBV_FEN, OWN, BYPASSED, IGNORED, COMMISSION_FEN,
 RECYCLED, RECYCLED_APE_FEN, RECYCLED_NBV_FEN) = range(len(SOLD_MEASURES))  # fmt: skip
#: The seller of what nobody sold: bought online, or long after a conversation. The last one, after ``Staff.tiers``.
ONLINE = "online"
#: Policies that each row of the staff has sold, by calendar month of the world. Shape (rows, months).
BY_MONTH = "staff_months"
#: Policies sold since the fork to customers whom an agent served then.
TO_SERVED = "sold_to_served"
SERVED_SALE = np.dtype(
    [
        ("customer", "i4"),
        ("issued", "i4"),
        ("family", "u1"),  # of needs, number in ``FAMILIES``
        ("tier", "u1"),  # of the serving agent, place in ``Staff.tiers``
        ("own", "u1"),  # 1: the serving agent sold it; 0: others or nobody
    ],
    align=True,
)
#: Leads by branch, tier, grade and what became of them since the fork. Ripe are those taken since then whose follow-up
#: is over, and ripe and won those of them of which a policy came: of later ones wins are known, and losses not yet.
BY_GRADE = "tier_grades"
GRADE_MEASURES = ("taken", "won", "lost", "ripe", "ripe_won")
RIPE, RIPE_WON = 3, 4
#: Arrays that count from the fork on: they begin at 0 there.
FROM_FORK = (BY_TIER, GOOD, SOLD_BY, BY_GRADE)


def nothing_sold(staff: Staff, months: int) -> dict[str, Any]:
    """The arrays at the start of a world; none where there are no agents."""
    if staff.agents is None:
        return {}
    branches, tiers = len(staff.scenario.population.branches), len(staff.tiers)
    return {
        SOLD_BY: np.zeros((branches, tiers + 1, len(SOLD_MEASURES)), np.int64),
        BY_MONTH: np.zeros((len(staff), months), np.uint16),
        BY_GRADE: np.zeros((branches, tiers, 4, len(GRADE_MEASURES)), np.int64),
        TO_SERVED: np.zeros(0, SERVED_SALE),
    }


def sellers(staff: Staff, held: Any, serving: Any, customers: Any, issued: Any, person: Any) -> tuple[Ints, Any, Any]:
    """Row of the staff who sold each policy, or -1; was it without a lead from head office, or on a recycled one.

    Whoever last took a lead of the customer before the policy was issued, and still has it in hand, has sold it. Where
    nobody has one, a product that needs a person was sold by the serving agent, as part of the agent's own business.
    A lead is recycled that had come back from an agent before it was taken this time.

    Parameters
    ----------
    held
        Leads in hand, records of ``cases.CASE``.
    serving
        Row of the staff who serves each customer.
    customers, issued, person
        Of each policy: its customer, when it was issued, and whether the product needs a person. Shape (n,).
    """
    held = held[np.isin(held["customer"], customers)]
    held = held[np.lexsort((held["luck"], held["handed"], held["customer"]))]
    # Place of the last lead of the customer that was taken before the policy came.
    at = held["customer"].astype(np.int64) << 32 | held["handed"].astype(np.int64)
    last = np.searchsorted(at, customers.astype(np.int64) << 32 | issued.astype(np.int64)) - 1
    rows, recycled = np.full(len(customers), -1), np.zeros(len(customers), bool)
    by_lead = (last >= 0) & (held["customer"][last] == customers) if len(held) else np.zeros(len(customers), bool)
    if by_lead.any():
        rows[by_lead] = staff.rows_of(held["agent"][last[by_lead]])
        recycled[by_lead] = held["returned"][last[by_lead]] > 0
    known = np.where(customers < len(serving), customers, 0)
    mine = np.where(customers < len(serving), serving[known], -1) if len(serving) else rows
    own = ~by_lead & person & (mine >= len(staff.calls))
    return np.where(own, mine, rows), own, recycled


def first_values(scenario: Scenario, cuts: Any, products: Any, premiums: Any, issued: Any) -> Ints:
    """New business value of policies, fen: margin x annual premium, as ``lifecycle.value`` books it. Shape (n,).

    Parameters
    ----------
    cuts
        Price cuts by product and day, see ``lifecycle.offers``; empty where there are none.
    """
    margins = np.array([product.value.margin for product in scenario.products.values()])[products]
    cut = cuts[products, issued // 86_400] if len(cuts) else np.zeros(len(products))
    values: Ints = np.rint(premiums * (margins - cut) / (1.0 - cut)).astype(np.int64)
    return values


def first_commissions(staff: Staff, products: Any, premiums: Any, sellers: Any, own: Any) -> Ints:
    """What agents earn on policies in the first year, fen. Shape (n,).

    On a head-office lead the share of the product's commission that the tier gets; on own business all of it. What
    seats sell, or nobody, earns no commission here.

    Parameters
    ----------
    sellers
        Place of the tier of who sold each, ``ONLINE`` the last. Shape (n,).
    own
        Whether it was own business. Shape (n,).
    """
    scenario = staff.scenario
    tiers = list(scenario.workforce.tiers.values()) if scenario.workforce else []
    of_seller = np.array([0.0] * len(scenario.desk.seats) + [tier.commission for tier in tiers] + [0.0])
    rates = np.array([product.commission for product in scenario.products.values()])[products]
    earned: Ints = np.rint(premiums * rates * np.where(own, 1.0, of_seller[sellers])).astype(np.int64)
    return earned


def credit(
    kept: Mapping[str, Any], place: tuple[Any, Any], amounts: Mapping[int, Any], months: tuple[Any, Any]
) -> None:
    """Count policies.

    Parameters
    ----------
    place
        Branch of the customer and place of the seller, ``ONLINE`` the last. Shape (n,) each.
    amounts
        By measure. Shape (n,) each.
    months
        Row of the staff, -1 for nobody, and calendar month. Shape (n,) each.
    """
    for measure, amount in amounts.items():
        np.add.at(kept[SOLD_BY], (*place, measure), amount)
    rows, month = months
    np.add.at(kept[BY_MONTH], (rows[rows >= 0], month[rows >= 0]), 1)
