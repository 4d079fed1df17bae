"""How often there is a claim: the incidence of the policies in force, by product and age."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import customer_row, policy_row, product_rule_at, rule_f4, rule_f8
from lifesim.population.columns import EXCLUDED, NONE, RETURNING
from lifesim.scenario.ages import AGES


@compiled
def age_of(i: int, w: Any) -> int:
    """Completed years of age at the start, within the tables; 0 where nothing says how old customers are."""
    if w.age_column < 0:
        return 0
    years = w.age_center + w.age_scale * rule_f4(w.traits, i * w.traits_each + w.age_column)
    # Traits are stored in 32 bits: without the allowance 30 years might be read as 29.
    return min(max(int(years + 1e-4), 0), AGES - 1)


@compiled
def incidence(i: int, place: int, w: Any) -> float:
    """Claims a year on one policy; none while cover rests, nor from those who are about to give a policy back."""
    policy = policy_row(w, place)
    if policy.status >= RETURNING:
        return 0.0
    rate = rule_f8(w.incidence, policy.product * AGES + age_of(i, w))
    return rate * product_rule_at(w.product_rules, policy.product).exclusion if policy.marks & EXCLUDED else rate


@compiled
def incidence_of_all(i: int, w: Any) -> float:
    """Claims a year on the policies of a customer: each product's own, by age, added up."""
    total = 0.0
    place = customer_row(w, i).first_policy
    while place != NONE:
        total += incidence(i, place, w)
        place = policy_row(w, place).next
    return total
