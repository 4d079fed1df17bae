"""The insurer's file as text: cells by column, and rows by the number that a spreadsheet shows.

CSV and Parquet are read alike: every column becomes text, distinct texts are parsed once, and what
cannot be used is collected, so that one message tells everything that is wrong with a file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from lifesim.errors import InputError, Problem
from lifesim.scenario.wording import suggest

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOST_LINES = 20


class Complaints:
    """What is wrong with a file: counted in full, quoted as far as it will be printed."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._total = 0
        self._whole: list[Problem] = []
        self._rows: list[tuple[int, Problem]] = []

    def about_file(self, message: str, path: str = "") -> None:
        """Something wrong with the file as a whole, or with what the scenario says about it."""
        self._total += 1
        self._whole.append(Problem(self.file, path, message))

    def about_rows(self, rows: Ints, column: str, messages: str | Sequence[str]) -> None:
        """The same or a message each about rows, given by their numbers in ascending order."""
        self._total += len(rows)
        for i, row in enumerate(rows[:MOST_LINES]):
            message = messages if isinstance(messages, str) else messages[i]
            self._rows.append((int(row), Problem(f"{self.file}:row {row}", column, message)))

    def refuse(self) -> None:
        """Raise InputError if anything is wrong: the file first, then row by row."""
        if self._total:
            raise self._error()

    def fail(self, message: str) -> NoReturn:
        """Raise InputError now: without this nothing else can be checked."""
        self.about_file(message)
        raise self._error()

    def _error(self) -> InputError:
        by_row = [problem for _, problem in sorted(self._rows, key=lambda each: each[0])]
        lines = [str(problem) for problem in [*self._whole, *by_row][:MOST_LINES]]
        if self._total > len(lines):
            lines.append(f"and {self._total - len(lines)} more")
        return InputError("\n".join(lines))


@dataclass(frozen=True)
class Cells:
    """A table of text.

    Attributes
    ----------
    columns
        Arrow array of each column by its name in the file.
    rows
        Shape (n,): number of each row; from 2 in a CSV file, whose header is row 1, else from 1.
    """

    columns: dict[str, Any]
    rows: Ints

    def distinct(self, name: str, complaints: Complaints) -> tuple[Ints, list[str]]:
        """Distinct texts of a column without outer blanks, and which of them stands in each row.

        Cells without a value are the empty text.
        """
        import pyarrow as pa

        try:
            texts = self.columns[name].cast(pa.string()).combine_chunks()
        except pa.ArrowException:
            complaints.about_file(f"holds {self.columns[name].type}, not plain values", name)
            return np.zeros(len(self.rows), np.int64), [""]
        encoded = texts.fill_null("").dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return codes, [text.strip() for text in encoded.dictionary.to_pylist()]

    def parsed(
        self,
        name: str,
        parse: Callable[[str], float],
        complaints: Complaints,
        where: Bools | None = None,
    ) -> Floats:
        """Values of a column, NaN for those that cannot be used. Shape (n,).

        Parameters
        ----------
        parse
            Value of a text; raises ValueError with a message that quotes it.
        where
            Rows that must have a value; others may be empty. All rows when not given.
        """
        codes, texts = self.distinct(name, complaints)
        values = np.full(len(texts), np.nan)
        messages: dict[int, str] = {}
        for code, text in enumerate(texts):
            try:
                if not text:
                    raise ValueError("the value is missing")
                values[code] = parse(text)
            except ValueError as error:
                messages[code] = str(error)
        wrong = np.isin(codes, list(messages)) & (np.ones(len(codes), bool) if where is None else where)
        places = np.flatnonzero(wrong)
        quoted = [messages[code] for code in codes[places[:MOST_LINES]]]
        complaints.about_rows(self.rows[places], name, quoted)
        return values[codes]

    def blank(self, name: str, complaints: Complaints) -> Bools:
        """Rows without a value in a column. Shape (n,)."""
        codes, texts = self.distinct(name, complaints)
        return np.array([not text for text in texts], bool)[codes]


def read_cells(path: Path, complaints: Complaints) -> Cells:
    """The file `path`, Parquet or CSV by its suffix.

    Raises
    ------
    InputError
        When it does not exist, cannot be read, is of another kind, or has no rows.
    """
    readers = {".parquet": _read_parquet, ".csv": _read_csv}
    kind = path.suffix.lower()
    if not path.is_file():
        siblings = path.parent.iterdir() if path.parent.is_dir() else ()
        near = [each.name for each in siblings if each.suffix.lower() in readers]
        complaints.fail("no such file" + (suggest(path.name, near) if near else ""))
    if kind not in readers:
        complaints.fail("is neither .parquet nor .csv; save the book as one of them")
    try:
        cells = readers[kind](path, complaints)
    except OSError as error:
        complaints.fail(f"cannot be read: {_first_line(error.strerror or error)}")
    if not len(cells.rows):
        complaints.refuse()
        complaints.fail("has no rows; give at least one customer")
    return cells


def _read_parquet(path: Path, complaints: Complaints) -> Cells:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read()
    except pa.ArrowException as error:
        complaints.fail(f"is not a Parquet file: {_first_line(error)}")
    columns = _named(table.column_names, table.columns, complaints)
    return Cells(columns, np.arange(1, len(table) + 1))


def _read_csv(path: Path, complaints: Complaints) -> Cells:
    import pyarrow as pa

    header = _header(path, complaints)
    ragged: dict[int, str] = {}
    try:
        table = _table(path, len(header), ragged)
    except pa.ArrowException as error:
        hint = f"is a quotation mark left open? ({_first_line(error)})"
        complaints.fail(f"is not a CSV table; {hint}")
    numbers = np.arange(2, 2 + len(table) + len(ragged))
    out = np.array(sorted(ragged), np.int64)
    complaints.about_rows(out, "", [ragged[number] for number in out])
    filled = np.zeros(len(table), bool)  # spreadsheets leave rows of nothing but commas behind
    for column in table.columns:
        filled |= column.to_numpy() != ""
    kept = [column.filter(pa.array(filled)) for column in table.columns]
    return Cells(_named(header, kept, complaints), np.setdiff1d(numbers, out)[filled])


def _table(path: Path, width: int, ragged: dict[int, str]) -> Any:
    """Text of the rows below the header; rows of another width are described in ``ragged``."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    def keep_out(row: Any) -> str:
        ragged[row.number] = f"has {row.actual_columns} cells; the header has {row.expected_columns}"
        return "skip"

    places = [str(place) for place in range(width)]
    return arrow.read_csv(
        path,
        arrow.ReadOptions(use_threads=False, column_names=places, skip_rows_after_names=1),
        arrow.ParseOptions(newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep_out),
        arrow.ConvertOptions(column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False),
    )


def _header(path: Path, complaints: Complaints) -> list[str]:
    """Names in the first row of a CSV file, all of whose text is UTF-8."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                complaints.fail(f"line {number} is not UTF-8 text; save the file as CSV UTF-8")
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            header = next(csv.reader(text), None)
    except csv.Error as error:
        complaints.fail(f"is not a CSV table: {error}")
    if not header:
        complaints.fail("has no header; name the columns in the first row")
    return header


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0]


def _named(names: Sequence[str], columns: Sequence[Any], complaints: Complaints) -> dict[str, Any]:
    """Columns by their names; those without a name are left out."""
    out: dict[str, Any] = {}
    for name, column in zip((name.strip() for name in names), columns, strict=True):
        if name in out:
            complaints.about_file("two columns have this name; rename one of them", name)
        elif name:
            out[name] = column
    return out
