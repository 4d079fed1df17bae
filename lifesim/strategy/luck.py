"""The luck that a strategy may draw."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lifesim.strategy.views import IntArray
from lifesim.streams import Streams


class Luck:
    """Keyed luck for a strategy: the same question about the same customer has the same answer.

    Parameters
    ----------
    streams
        Luck of the replication.
    name
        Name of the plug-in, part of every key.
    keys
        Gives the key of the customer of each row of the view; asked when first needed.
    occasion
        What the luck is about beside the customer: the time.
    leads
        Luck of the lead of each row; not given where a row is a customer. A customer may have several leads: what
        lasts is the customer's, all else the lead's.
    agents
        Keys of the agents among whom a lead is allocated.
    """

    def __init__(
        self,
        streams: Streams,
        name: str,
        keys: Callable[[], npt.NDArray[np.uint64]],
        occasion: int,
        leads: npt.NDArray[np.uint64] | None = None,
        agents: npt.NDArray[np.uint64] | None = None,
    ) -> None:
        self._streams, self._name, self._occasion = streams, name, occasion
        self._give_keys, self._given_leads, self._agents = keys, leads, agents

    @cached_property
    def _keys(self) -> npt.NDArray[np.uint64]:
        return self._give_keys()

    @property
    def _leads(self) -> npt.NDArray[np.uint64]:
        return self._keys if self._given_leads is None else self._given_leads

    def _decision(self, decision: str) -> str:
        return f"strategy {self._name}: {decision}"

    def uniforms(self, decision: str, lasting: bool = False) -> npt.NDArray[np.float64]:
        """A uniform on (0, 1) for each row, shape (n,); ``lasting`` draws are the customer's at every occasion."""
        if lasting:
            return self._streams.uniforms(self._decision(decision), self._keys, again=True)
        return self._streams.uniforms(self._decision(decision), self._leads, self._occasion)

    def of_agents(self, decision: str, times: IntArray | None = None) -> npt.NDArray[np.float64]:
        """A uniform on (0, 1) for each agent, shape (agents,), or several in a row for each.

        Parameters
        ----------
        times
            How many for each agent, shape (agents,).
        """
        if self._agents is None:
            raise TypeError("of_agents() is for allocations; nobody is allocated here")
        decision = self._decision(decision)
        if times is None:
            return self._streams.uniforms(decision, self._agents, self._occasion)
        each = np.arange(int(np.sum(times))) - np.repeat(np.cumsum(times) - times, times)
        keys = self._streams.hashes(f"{decision}, several", np.repeat(self._agents, times), each)
        return self._streams.uniforms(decision, keys, self._occasion)

    def take(self, decision: str, k: int, among: IntArray | None = None) -> IntArray:
        """``k`` of the rows (of those in ``among``), each with the same chance; sorted positions.

        Raises
        ------
        TypeError
            When ``among`` is not of positions.
        """
        rows = np.arange(len(self._keys)) if among is None else np.asarray(among)
        if rows.dtype.kind not in "iu" and len(rows):
            raise TypeError(f"take() takes positions among the rows, not {rows.dtype}; customers.where(mask) has them")
        taken = self._streams.take(self._decision(decision), self._leads[rows], k, self._occasion)
        return np.asarray(rows[taken], dtype=np.int64)
