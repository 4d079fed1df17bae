"""Twins: the same customer in two arms of a replication, and who is worse off in which.

Both worlds are known, so each customer present at the fork can be set beside themselves. Who it is that gains or loses
depends on the coupling of the arms: on the rule that a customer has the same luck in both. Another rule would give the
same effects on average, and other names. So a list of twins is a place to look for reasons; the share of customers
harmed is a property of this coupling, and no estimate of what would happen to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lifesim.population.accounts import PRESENT_AT_FORK, Accounts
from lifesim.population.columns import CAUSE_DIED, LOST

if TYPE_CHECKING:
    import pandas as pd

_WHO = ["replication", "branch", "customer"]
REASONS = ("lower_value", "lost", "complained")


def twin_columns(segments: list[str], customers: Any, outcomes: Any, accounts: Accounts) -> dict[str, Any]:
    """Columns of the table `twins` for the customers of a branch who were present at the fork.

    Parameters
    ----------
    customers, outcomes, accounts
        Shape (n,) each: a row for each customer.

    Returns
    -------
    dict
        ``customer``, the key; ``segment``; ``value_fen``, of the customer's own policies since the fork, before cost;
        ``lost``, whether the customer is lost at the end and not by death; ``complaints``, to the insurer and beyond.
    """
    mine = accounts.kind == PRESENT_AT_FORK
    c, o = customers[mine], outcomes[mine]
    return {
        "customer": c["key"],
        "segment": np.array(segments, dtype=object)[c["segment"]],
        "value_fen": o["value"],
        "lost": (c["stage"] == LOST) & (c["cause"] != CAUSE_DIED),
        "complaints": o["complaints"] + o["regulator_complaints"],
    }


@dataclass(frozen=True)
class Twins:
    """Customers present at the fork of an arm and of the control, each beside themselves.

    Attributes
    ----------
    arm, control
        Names of the two arms.
    pairs
        A row for each customer and replication that both arms finished: replication, branch, customer, segment; and
        value_fen, lost, complaints with the suffix ``_control`` or ``_arm``.
    """

    arm: str
    control: str
    pairs: pd.DataFrame

    def harmed(self) -> pd.DataFrame:
        """Customers who were worse off in the arm, and why; who they are depends on the coupling, see the module.

        Returns
        -------
        DataFrame
            Columns replication, branch, customer, segment, and what holds in the arm against the control:
            ``lower_value``, the customer's own value is lower; ``lost``, lost at the end only in the arm;
            ``complained``, complained only in the arm. At least one of them holds.
        """
        return self._worse("_arm", "_control")

    def helped(self) -> pd.DataFrame:
        """Customers who were worse off in the control; as `harmed`, the other way round."""
        return self._worse("_control", "_arm")

    def _worse(self, here: str, there: str) -> pd.DataFrame:
        pairs = self.pairs
        table = pairs[[*_WHO, "segment"]].assign(
            lower_value=pairs[f"value_fen{here}"] < pairs[f"value_fen{there}"],
            lost=pairs[f"lost{here}"] & ~pairs[f"lost{there}"],
            complained=(pairs[f"complaints{here}"] > 0) & (pairs[f"complaints{there}"] == 0),
        )
        return table[table[list(REASONS)].any(axis=1)].reset_index(drop=True)


def pair(table: pd.DataFrame, arm: str, control: str) -> Twins:
    """The twins of an arm and the control, from the table `twins` of a run."""
    mine, theirs = (table[table["arm"] == name].drop(columns="arm") for name in (arm, control))
    pairs = theirs.merge(mine.drop(columns="segment"), on=_WHO, suffixes=("_control", "_arm"), validate="one_to_one")
    return Twins(arm, control, pairs)
