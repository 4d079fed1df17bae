"""What a unit of work answers: pieces of tables with labels."""

from __future__ import annotations

import pickle

import numpy as np

from lifesim.experiment.comparison import _table
from lifesim.experiment.unit import Unit, UnitResult


def test_labels_take_no_memory_in_a_worker_and_stand_in_every_row_of_the_table() -> None:
    result, labels = UnitResult(Unit(0, ("north",))), {"replication": 3, "branch": "north", "arm": "mine"}
    result.add("events", {"time": np.arange(1_000)}, **labels)
    result.add("events", {"time": np.arange(5)}, **(labels | {"arm": "a longer name"}))
    piece = result.tables["events"][0]
    assert all(piece[name].shape == (1_000,) and piece[name].strides == (0,) for name in labels)
    table = _table(pickle.loads(pickle.dumps(result)).tables["events"])
    assert table["arm"].tolist() == ["mine"] * 1_000 + ["a longer name"] * 5
    assert set(table["replication"]) == {3} and table["replication"].dtype == np.int64 and len(table) == 1_005
    assert table["branch"].tolist() == ["north"] * 1_005
