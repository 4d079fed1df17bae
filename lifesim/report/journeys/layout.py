"""Where the boxes of a drawing stand: in rows from top to bottom, so that no two of them overlap.

A step stands in a row below all steps that lead to it (Sugiyama, Tagawa and Toda 1981); what has to be the case for a
way stands in a row of its own between two of them. A way over several rows has a place of its own in each, so that it
passes no box. Within a row the order follows the neighbours' (the barycentre of Sugiyama et al.), and the places are
those nearest to the neighbours' that keep the order and the distances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SWEEPS = 12
GAP = 22.0
ROW_GAP = 30.0
#: What goes on weighs as much more than what ends: the trunk of a drawing stays straight.
TRUNK = 12.0


@dataclass
class Box:
    """Something that has a place.

    Attributes
    ----------
    key
        Its name, unique in the drawing.
    row
        Its row from the top.
    width, height
        Its size; both 0 for the place of a way that passes.
    x, y
        Its centre, once it is placed.
    """

    key: str
    row: int
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0

    @property
    def top(self) -> float:
        """Upper edge."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height / 2


@dataclass
class Layout:
    """Boxes, and the lines between boxes of neighbouring rows.

    Attributes
    ----------
    boxes
        By key.
    lines
        Keys of the upper and of the lower box.
    """

    boxes: dict[str, Box] = field(default_factory=dict)
    lines: list[tuple[str, str]] = field(default_factory=list)

    def add(self, box: Box) -> None:
        """Take in a box."""
        self.boxes[box.key] = box

    def connect(self, upper: str, lower: str) -> None:
        """Lead a line from a box to one in a lower row, with a place in each row between."""
        first, last = self.boxes[upper].row, self.boxes[lower].row
        for row in range(first + 1, last):
            passing = f"{upper}>{lower}@{row}"
            self.add(Box(passing, row))
            self.lines.append((upper if row == first + 1 else f"{upper}>{lower}@{row - 1}", passing))
        self.lines.append((upper if last == first + 1 else f"{upper}>{lower}@{last - 1}", lower))

    def place(self) -> tuple[float, float]:
        """Give every box its centre; width and height of the whole."""
        rows = self._rows()
        above, below = self._neighbours()
        for sweep in range(SWEEPS):
            downward = sweep % 2 == 0
            for row in rows if downward else reversed(rows):
                _order(row, above if downward else below, self.boxes)
        weights = {key: TRUNK if below[key] else 1.0 for key in self.boxes}
        for row in rows:
            _spread(row, {box.key: box.x for box in row}, weights)
        for sweep in range(SWEEPS):
            neighbours = (above, below)[sweep % 2]
            for row in rows if sweep % 2 == 0 else reversed(rows):
                wanted = {box.key: self._wanted(box, neighbours[box.key], weights) for box in row}
                _spread(row, wanted, weights)
        return self._settle(rows)

    def _wanted(self, box: Box, neighbours: Sequence[str], weights: Mapping[str, float]) -> float:
        """The weighted mean place of a box's neighbours; its own where it has none."""
        total = sum(weights[key] for key in neighbours)
        return sum(weights[key] * self.boxes[key].x for key in neighbours) / total if total else box.x

    def _rows(self) -> list[list[Box]]:
        count = 1 + max(box.row for box in self.boxes.values())
        rows: list[list[Box]] = [[] for _ in range(count)]
        for box in self.boxes.values():
            rows[box.row].append(box)
            box.x = float(len(rows[box.row]))
        return rows

    def _neighbours(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        above: dict[str, list[str]] = {key: [] for key in self.boxes}
        below: dict[str, list[str]] = {key: [] for key in self.boxes}
        for upper, lower in self.lines:
            below[upper].append(lower)
            above[lower].append(upper)
        return above, below

    def _settle(self, rows: Sequence[Sequence[Box]]) -> tuple[float, float]:
        """Move everything to the right of and below zero, row under row."""
        left = min(box.x - box.width / 2 for box in self.boxes.values())
        y = 0.0
        for row in rows:
            height = max(box.height for box in row)
            for box in row:
                box.x -= left
                box.y = y + height / 2
            y += height + ROW_GAP
        return max(box.x + box.width / 2 for box in self.boxes.values()), y - ROW_GAP


def _mean(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return sum(found) / len(found) if found else otherwise


def _order(row: list[Box], neighbours: Mapping[str, Sequence[str]], boxes: Mapping[str, Box]) -> None:
    """Sort a row by the mean place of the neighbours; those without any stay where they are."""
    wanted = {box.key: _mean((boxes[key].x for key in neighbours[box.key]), box.x) for box in row}
    row.sort(key=lambda box: (wanted[box.key], box.x))
    for place, box in enumerate(row):
        box.x = float(place)


def _spread(row: Sequence[Box], wanted: Mapping[str, float], weights: Mapping[str, float]) -> None:
    """Put the boxes of a row as near to the wanted places as order and distances allow, in weighted least squares.

    Without the room that those on the left take, places only have to rise: neighbours that want to pass each other
    are pooled at their mean (Ayer et al. 1955).
    """
    room, taken = [], 0.0
    for left, box in zip([None, *row], row, strict=False):
        taken += 0.0 if left is None else (left.width + box.width) / 2 + GAP
        room.append(taken)
    pools: list[tuple[float, float, int]] = []
    for box, shift in zip(row, room, strict=True):
        mean, weight, count = wanted[box.key] - shift, weights[box.key], 1
        while pools and pools[-1][0] > mean:
            other, its_weight, its_count = pools.pop()
            mean = (other * its_weight + mean * weight) / (its_weight + weight)
            weight, count = weight + its_weight, count + its_count
        pools.append((mean, weight, count))
    places = [mean for mean, _, count in pools for _ in range(count)]
    for box, place, shift in zip(row, places, room, strict=True):
        box.x = place + shift
