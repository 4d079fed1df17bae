"""What each rule of a contact policy costs: an arm beside itself without the rule, in the same worlds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lifesim.errors import InputError
from lifesim.experiment import plugins
from lifesim.experiment.comparison import compare, whole_replications
from lifesim.metrics import METRICS
from lifesim.scenario import Arm, Scenario
from lifesim.scenario.wording import suggest
from lifesim.strategy import Practice

if TYPE_CHECKING:
    import pandas as pd

#: Metrics by which the cost of a rule is told, each for 10,000 customers.
TOLD: Final = ("policies_per_10k", "nbv_per_10k", "opt_out_rate", "complaints_per_10k", "touches_per_customer")
#: Longest name of an arm.
_LONGEST = 60


@dataclass(frozen=True)
class RuleCosts:
    """The rules of an arm, and what leaving out each would change.

    Attributes
    ----------
    rules
        Names of the rules that hold in the arm.
    effects
        Columns of ``experiment.effects``, for 10,000 customers, everyone; a row for each rule and metric of ``TOLD``,
        with the rule in a column of its own. An effect is what the arm *without* the rule has more than the arm.
    held_back
        Touches that each rule held back in a replication, where the rule holds touches back.
    failures
        One line for each arm or unit that failed.
    """

    scenario: str
    arm: str
    rules: tuple[str, ...]
    effects: pd.DataFrame
    held_back: dict[str, float]
    customers: int
    replications: int
    failures: list[str]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        from lifesim.experiment.effects import to_records

        named = {name: value for name, value in vars(self).items() if name not in ("effects", "rules")}
        return named | {"rules": list(self.rules), "effects": to_records(self.effects)}


def rule_costs(
    scenario: Scenario,
    arm: str | None = None,
    *,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> RuleCosts:
    """Run an arm, and the arm without each of the rules of its contact policy, one at a time, under the same luck.

    Parameters
    ----------
    arm
        The control when not given. The control runs in any case: the warm-up is its.

    Raises
    ------
    InputError
        When there is no such arm, or no rule holds in it.
    ScenarioError, RunError
        See ``compare``.
    """
    control = scenario.experiment.control
    arm = control if arm is None else arm
    if arm not in scenario.arms:
        raise InputError(f"no arm '{arm}'{suggest(arm, scenario.arms)}")
    rules = scenario.policy(arm).rules
    if not rules:
        raise InputError(f"no rule of the contact policy holds in arm '{arm}'; write one under contact_policy")
    result = compare(scenario, _variants(scenario, arm), workers=workers, on_progress=on_progress)
    return RuleCosts(
        scenario=scenario.name,
        arm=arm,
        rules=rules,
        effects=_effects(result.tables, arm, scenario),
        # Without any touch there is no table of them.
        held_back=_held_back(result.tables["touches"], arm, rules)
        if "touches" in result.tables
        else dict.fromkeys(rules, 0.0),
        customers=scenario.population.total,
        replications=scenario.experiment.replications,
        failures=result.failures,
    )


def _variants(scenario: Scenario, arm: str) -> dict[str, Arm | Practice]:
    """The control, the arm, and the arm without each of its rules."""
    policy, practice = scenario.policy(arm), plugins.practice(scenario.arm(arm))
    control = scenario.experiment.control
    found: dict[str, Arm | Practice] = {control: scenario.arms[control], arm: scenario.arms[arm]}
    for name, rule in _names(scenario, policy.rules).items():
        found[name] = dataclasses.replace(practice, contact_policy=policy.without(rule))
    return found


def _names(scenario: Scenario, rules: tuple[str, ...]) -> dict[str, str]:
    """Rules by the name of the arm that lacks each; no arm of the scenario is called so."""
    found: dict[str, str] = {}
    for rule in rules:
        name, k = f"without_{rule}"[:_LONGEST], 1
        while name in scenario.arms or name in found:
            name, k = f"without_{k}_{rule}"[:_LONGEST], k + 1
        found[name] = rule
    return found


def _effects(tables: dict[str, pd.DataFrame], arm: str, scenario: Scenario) -> pd.DataFrame:
    from lifesim.experiment.effects import EVERYONE, effects

    scales = {name: _per_10k(name) for name in TOLD}
    branches = {str(branch) for branch in tables["totals"]["branch"].unique()}
    rows = effects(whole_replications(tables["totals"], branches), scales, arm)
    names = _names(scenario, scenario.policy(arm).rules)
    rows = rows[rows["arm"].isin(list(names)) & (rows["segment"] == EVERYONE)]
    return rows.assign(rule=rows["arm"].map(names)).reset_index(drop=True)


def _per_10k(metric: str) -> float:
    """Factor from a total for each customer to what 10,000 have."""
    scale = METRICS[metric].scale
    return scale if metric.endswith("_per_10k") else scale * 10_000


def _held_back(touches: pd.DataFrame, arm: str, rules: tuple[str, ...]) -> dict[str, float]:
    """Touches that each rule held back in a replication."""
    mine = touches[touches["arm"] == arm]
    replications = max(1, touches["replication"].nunique())
    sums = mine.groupby("outcome", observed=True)["count"].sum()
    outcomes = {rule: "suppressed_" + ("cap" if rule == "marketing_cap" else rule) for rule in rules}
    return {rule: float(sums.get(outcome, 0)) / replications for rule, outcome in outcomes.items()}
