"""The insurer's own book: what a good one becomes, and what is said about a bad one."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifesim.errors import InputError, ScenarioError
from lifesim.experiment.unit import Experiment, Unit
from lifesim.population.book import BookTable, book_branches, people_from_book, read_book
from lifesim.population.columns import AWARENESS, HOLDING, LOST, ORPHAN, REFUSES_TARGETING
from lifesim.population.consent import refused
from lifesim.population.synthesis import People, covariate
from lifesim.scenario import Scenario
from lifesim.scenario.contents import PURPOSES
from lifesim.scenario.validate import load_model
from lifesim.strategy import Practice
from lifesim.streams import Streams, name_key

ROOT = Path(__file__).resolve().parents[1]
DAY = 86_400
START = date(2025, 10, 7)  # of the warm-up of the scenario below

BOOK = """\
customer,segment,branch,stage,age,income,product,issued,premium,orphan,consent_push,reach_sms
A17,mainstream,north,HOLDING,41,90000,medical,2021-03-01,1200.50,true,false,true
0017,mainstream,south,AWARENESS,35.5,60000,,,,false,true,false
17,wealth_rising,north,CHURN_WARNING,52,400000,annuity,2012-06-30,20000,no,1,0
A17,mainstream,north,HOLDING,41,90000,accident,2019-03-01,300,true,false,true
王芳,striving_youth,south,LOST,23,0,,,,0,yes,是
"""
PLAIN = "customer,segment\n"


@cache
def market() -> Scenario:
    return load_model(ROOT / "scenarios" / "striving_youth.yaml", Scenario)[0]


def with_book(file: str, **more: Any) -> Scenario:
    branches = more.pop("branches", None)
    population = {"book": {"from": file} | more} | ({"branches": branches} if branches else {})
    return market().replace(population=population)


def table_of(folder: Path, text: str, **more: Any) -> BookTable:
    (folder / "book.csv").write_text(text, encoding="utf-8")
    return read_book(with_book("book.csv", **more), folder)


def people_of(table: BookTable, branch: str, seed: int = 1) -> People:
    return people_from_book(market(), Streams(seed, 0), table, branch)


def complaint(folder: Path, text: str | bytes, file: str = "book.csv", **more: Any) -> list[str]:
    """Lines of the message about a book, without the folder."""
    (folder / file).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as caught:
        read_book(with_book(file, **more), folder)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def row_of(people: People, customer: str) -> int:
    (row,) = np.flatnonzero(people.keys == name_key(customer))
    return int(row)


# -- a good book ------------------------------------------------------------------------------


def test_a_book_becomes_a_table_of_customers(tmp_path: Path) -> None:
    table = table_of(tmp_path, BOOK)
    assert len(table) == 4
    assert list(table.keys) == sorted(name_key(name) for name in ("A17", "0017", "17", "王芳"))
    assert book_branches(table) == ["north", "south"]
    assert table.policies is not None
    assert list(np.bincount(table.policies.customer, minlength=4)) == [
        {name_key("A17"): 2, name_key("17"): 1}.get(key, 0) for key in table.keys
    ]


def test_customers_are_what_the_book_says(tmp_path: Path) -> None:
    table, scenario = table_of(tmp_path, BOOK), market()
    north, south = people_of(table, "north"), people_of(table, "south")
    assert (len(north), len(south)) == (2, 2)
    a, b, c = row_of(north, "A17"), row_of(south, "0017"), row_of(south, "王芳")
    assert (north.stage[a], south.stage[b], south.stage[c]) == (HOLDING, AWARENESS, LOST)
    assert list(scenario.segments)[north.segment[a]] == "mainstream"
    assert north.branch[a] == 0 and south.branch[b] == 1
    age = list(scenario.behaviour.traits).index("age")
    assert south.traits[b, age] == pytest.approx((35.5 - 40) / 10)
    assert north.marks[a] & ORPHAN and not south.marks[b] & ORPHAN
    assert (north.consent[a] & 1, south.consent[b] & 1) == (0, 1)
    assert (north.reach[a] & 2, south.reach[b] & 2, south.reach[c] & 2) == (2, 0, 2)


def test_who_refuses_targeting_is_who_the_book_says(tmp_path: Path) -> None:
    rows = [f"{k},mainstream,{k % 2}" for k in range(200)]
    table = table_of(tmp_path, "customer,segment,refuses_targeting\n" + "\n".join(rows) + "\n")
    people = people_of(table, "main")
    refuse = [bool(people.marks[row_of(people, str(k))] & REFUSES_TARGETING) for k in range(200)]
    assert refuse == [k % 2 == 1 for k in range(200)]


CONSENTS = """\
customer,segment,consent_offers,consent_care,consent_health_data
1,mainstream,true,no,1
2,wealth_rising,false,yes,0
3,striving_youth,是,false,否
"""


def asking(file: str, share: float = 0.5) -> Scenario:
    """A scenario with a book, whose customers consent by purpose and to the use of health data."""
    scenario = with_book(file)
    segments = scenario.model_dump(mode="json", by_alias=True)["segments"]
    for segment in segments.values():
        segment |= {"purposes": dict.fromkeys(("offers", "education"), share), "health_data": share}
    return scenario.replace(segments=segments)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_consents_by_purpose_and_for_health_data_are_those_of_the_book(tmp_path: Path, share: float) -> None:
    """What the book does not say is drawn: education by the segment's share, activities of everyone."""
    (tmp_path / "book.csv").write_text(CONSENTS, encoding="utf-8")
    scenario = asking(str(tmp_path / "book.csv"), share)
    table = read_book(scenario, tmp_path)
    people = people_from_book(scenario, Streams(1, 0), table, "main")
    bits = {name: 1 << bit for bit, name in enumerate((*PURPOSES, "health_data"))}
    refuse = {name: [bool(people.refused[row_of(people, who)] & bit) for who in "123"] for name, bit in bits.items()}
    assert refuse["offers"] == [False, True, False] and refuse["care"] == [True, False, True]
    assert refuse["health_data"] == [False, True, True] and refuse["activities"] == [False] * 3
    drawn = refused(scenario, Streams(1, 0), people.keys, people.segment) & bits["education"]
    assert np.array_equal(people.refused & bits["education"], drawn)
    world = Experiment(scenario, {"control": Practice()}, []).world(Unit(0, ("main",)))
    mine = 255 - bits["education"]
    assert np.array_equal(world.state.refused[:3, 0] & mine, people.refused & mine), "whatever the luck"


def test_consents_that_a_world_would_not_keep_are_refused_with_what_to_write(tmp_path: Path) -> None:
    said = "the scenario knows no such consent, which those who join need too; write"
    assert complaint(tmp_path, CONSENTS) == [
        f"book.csv: consent_offers: {said} purposes: {{offers: 60%}} in its segments",
        f"book.csv: consent_care: {said} purposes: {{care: 60%}} in its segments",
        f"book.csv: consent_health_data: {said} health_data: 70% in its segments",
    ]


def test_impossible_and_misspelt_consents_are_named(tmp_path: Path) -> None:
    for text, line in (
        ("customer,segment,consent_offers\n1,mainstream,maybe\n",
         "book.csv:row 2: consent_offers: 'maybe' is neither true nor false"),
        ("customer,segment,consent_health_data\n1,mainstream,\n",
         "book.csv:row 2: consent_health_data: the value is missing"),
        ("customer,segment,Consent offers\n1,mainstream,1\n",
         "book.csv: Consent offers: unknown column; did you mean 'consent_offers'?"),
        ("customer,segment,product,issued,consent_care\n1,mainstream,medical,2021-03-01,1\n"
         "1,mainstream,accident,2021-03-01,0\n",
         "book.csv:row 3: consent_care: disagrees with row 2 of the same customer"),
    ):  # fmt: skip
        (tmp_path / "book.csv").write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            read_book(asking("book.csv"), tmp_path)
        assert str(caught.value).replace(f"{tmp_path}/", "") == line


def test_policies_come_oldest_first_with_their_premiums(tmp_path: Path) -> None:
    people = people_of(table_of(tmp_path, BOOK), "north")
    a, b = row_of(people, "A17"), row_of(people, "17")
    products = list(market().products)
    first, second = people.policies
    assert set(first["rows"]) == {a, b} and list(second["rows"]) == [a]
    place = int(np.flatnonzero(first["rows"] == a)[0])
    assert products[first["product"][place]] == "accident"
    assert first["age"][place] == (START - date(2019, 3, 1)).days * DAY
    assert first["premium"][place] == 300_00
    assert products[second["product"][0]] == "medical" and second["premium"][0] == 1_200_50
    assert people.joined[a] == people.stage_since[a] == -first["age"][place]
    assert people.joined[b] <= people.stage_since[b] <= 0


def test_no_income_is_the_lowest_of_the_segment(tmp_path: Path) -> None:
    people, scenario = people_of(table_of(tmp_path, BOOK), "south"), market()
    trait = scenario.behaviour.traits["income"]
    lowest = scenario.segments["striving_youth"].traits["income"].low
    place = list(scenario.behaviour.traits).index("income")
    expected = covariate(trait, np.array([lowest]))[0]
    assert people.traits[row_of(people, "王芳"), place] == pytest.approx(expected)


def assert_same(one: People, other: People) -> None:
    for name, values in vars(one).items():
        if name == "policies":
            assert len(values) == len(other.policies)
            for mine, theirs in zip(values, other.policies, strict=True):
                assert mine.keys() == theirs.keys()
                assert all(np.array_equal(mine[key], theirs[key]) for key in mine)
        else:
            assert np.array_equal(values, getattr(other, name)), name


def test_the_order_of_rows_and_another_customer_change_nobody(tmp_path: Path) -> None:
    header, *rows = BOOK.splitlines()
    before = people_of(table_of(tmp_path, BOOK), "north")
    turned = table_of(tmp_path, "\n".join([header, *reversed(rows)]))
    assert_same(before, people_of(turned, "north"))
    more = table_of(tmp_path, BOOK + "new,mainstream,a_branch,AWARENESS,30,50000,,,,false,true,true\n")
    after = people_of(more, "north")
    assert book_branches(more) == ["a_branch", "north", "south"]
    after.branch -= 1  # its number is a place in the sorted names
    assert_same(before, after)


def test_what_the_book_lacks_is_drawn_for_the_customer(tmp_path: Path) -> None:
    ids = [f"c{number}" for number in range(400)]
    bare = PLAIN + "".join(f"{name},mainstream\n" for name in ids)
    aged = "customer,segment,age\n" + "".join(f"{name},mainstream,64\n" for name in ids)
    one, other = (people_of(table_of(tmp_path, text), "main") for text in (bare, aged))
    age = list(market().behaviour.traits).index("age")
    assert np.all(other.traits[:, age] == 2.4)
    assert np.array_equal(np.delete(one.traits, age, 1), np.delete(other.traits, age, 1))
    assert np.array_equal(one.consent, other.consent) and len(set(one.consent)) > 3
    assert np.all(one.stage == AWARENESS) and one.policies[0]["rows"].size == 0
    assert not np.array_equal(one.traits, people_of(table_of(tmp_path, bare), "main", 2).traits)


def test_session_rates_follow_the_traits_of_the_book(tmp_path: Path) -> None:
    text = "customer,segment,online_activity\nx,mainstream,-1\ny,mainstream,2\n"
    people, sessions = people_of(table_of(tmp_path, text), "main"), market().behaviour.sessions
    for name, value in (("x", -1), ("y", 2)):
        row, others = row_of(people, name), dict(sessions.depends)
        log_rate = others.pop("online_activity") * value
        for trait, coefficient in others.items():
            place = list(market().behaviour.traits).index(trait)
            log_rate += coefficient * people.traits[row, place]
        expected = sessions.rate * DAY * np.exp(log_rate)
        assert people.session_rate[row] == pytest.approx(expected)


def test_stages_and_premiums_have_defaults(tmp_path: Path) -> None:
    text = "customer,segment,product,issued\nx,mainstream,medical,2024-01-01\ny,mainstream,,\n"
    people = people_of(table_of(tmp_path, text), "main")
    assert people.stage[row_of(people, "x")] == HOLDING
    assert people.stage[row_of(people, "y")] == AWARENESS
    assert list(people.policies[0]["premium"]) == [-1]
    held = "customer,segment,stage\nx,mainstream,HOLDING\n"
    drawn = people_of(table_of(tmp_path, held), "main")
    assert list(drawn.policies[0]["rows"]) == [0] and "premium" not in drawn.policies[0]


def test_columns_may_have_other_names_and_one_segment_may_serve_all(tmp_path: Path) -> None:
    text = "客户号,年龄,extra\n1,30,x\n2,64,y\n"
    columns = {"customer": "客户号", "age": "年龄"}
    table = table_of(tmp_path, text, columns=columns, segment="wealth_rising")
    assert set(table.segment) == {list(market().segments).index("wealth_rising")}
    assert sorted(table.traits["age"]) == [30.0, 64.0]


def test_a_table_of_parquet_is_that_of_csv(tmp_path: Path) -> None:
    frame = {
        "customer": pa.array([17, 4, 17]),
        "segment": pa.array(["mainstream"] * 3).dictionary_encode(),
        "age": pa.array([41.5, 30.0, 41.5]),
        "product": ["medical", None, "accident"],
        "issued": pa.array([datetime(2021, 3, 1), None, datetime(2019, 3, 1)]),
        "premium": pa.array([Decimal("12.5"), None, Decimal("300.0")]),
        "orphan": pa.array([True, False, True]),
    }
    pq.write_table(pa.table(frame), tmp_path / "book.parquet")
    mine = read_book(with_book("book.parquet"), tmp_path)
    text = (
        "\ufeffcustomer,segment,age,product,issued,premium,orphan\n"
        "17,mainstream,41.5,medical,2021-03-01,12.5,true\n4,mainstream,30,,,,false\n"
        ",,,,,,\n17,mainstream,41.5,accident,2019-03-01,300,true\n\n"
    )
    theirs = table_of(tmp_path, text)
    assert_same(people_of(mine, "main"), people_of(theirs, "main"))


def test_a_scenario_may_name_its_branches(tmp_path: Path) -> None:
    table = table_of(tmp_path, BOOK, branches={"south": 0.4, "north": 0.3, "east": 0.3})
    assert book_branches(table) == ["north", "south"]
    assert list(people_of(table, "south").branch) == [1, 1]
    lines = complaint(tmp_path, BOOK, branches={"south": 0.5, "nord": 0.5})
    assert lines[0] == "book.csv:row 2: branch: unknown branch 'north'; did you mean 'nord'?"
    lines = complaint(tmp_path, PLAIN + "1,mainstream\n", branches={"south": 0.5, "nord": 0.5})
    assert lines == ["book.csv: branch: the file lacks this column, and the scenario has several branches"]


# -- a bad book -------------------------------------------------------------------------------

VALUES: list[tuple[str, str, str]] = [
    ("age", "-1", "'-1' is below 0"),
    ("age", "121", "'121' is above 120"),
    ("age", "", "the value is missing"),
    ("age", "nan", "'nan' is not a finite number"),
    ("age", "inf", "'inf' is not a finite number"),
    ("age", "forty", "'forty' is not a number"),
    ("income", "-5", "'-5' is below 0"),
    ("income", "9,000", "'9,000' is not a number; write it without separators and units"),
    ("income", "1e15", "'1e15' is too far from 100000; the unit is CNY a year"),
    ("need_health", "70", "'70' is too far from 0; the unit is score"),
    ("segment", "mainstraem", "unknown segment 'mainstraem'; did you mean 'mainstream'?"),
    ("stage", "HOLDIN", "unknown stage 'HOLDIN'; did you mean 'HOLDING'?"),
    ("branch", "1st", "'1st' is not a name; start with a letter, then letters, digits, _ or -"
     " (60 characters at most)"),
    ("product", "medicla", "unknown product 'medicla'; did you mean 'medical'?"),
    ("product", "", "the value is missing"),
    ("issued", "", "the value is missing"),
    ("issued", "2025-10-07", "2025-10-07 is not before 2025-10-07, the start of the warm-up"),
    ("issued", "1949-12-31", "1949-12-31 is before 1957-10-24, the earliest that can be placed"),
    ("issued", "2021-02-29", "'2021-02-29' is not in the calendar; write 2026-01-05"),
    ("issued", "2021/2/1", "'2021/2/1' is not a date; write 2026-01-05"),
    ("premium", "-0.5", "'-0.5' is negative; a premium is CNY a year"),
    ("premium", "2e9", "'2e9' is above 1,000,000,000 CNY a year"),
    ("orphan", "perhaps", "'perhaps' is neither true nor false"),
    ("consent_push", "", "the value is missing"),
    ("customer", " ", "the value is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value", "message"), VALUES)
def test_an_impossible_value_is_named(tmp_path: Path, column: str, value: str, message: str) -> None:
    good = {
        "customer": "2", "segment": "mainstream", "branch": "north", "stage": "HOLDING",
        "age": "40", "income": "1", "need_health": "0", "product": "medical",
        "issued": "2020-01-01", "premium": "10", "orphan": "true", "consent_push": "true",
    }  # fmt: skip
    header, first = ",".join(good), ",".join(good.values())
    bad = ",".join(f'"{each}"' for each in (good | {"customer": "3", column: value}).values())
    assert len(table_of(tmp_path, f"{header}\n{first}\n")) == 1
    lines = complaint(tmp_path, f"{header}\n{first}\n{bad}\n")
    assert lines == [f"book.csv:row 3: {column}: {message}"]


def test_all_problems_are_told_in_the_order_of_the_rows(tmp_path: Path) -> None:
    text = "customer,segment,age,agee,ordeal,stagee\n1,mainstream,-1,,,\n2,main,9,,,\n,rich,x,,,\n"
    columns = {"agge": "age", "income": "Income", "product": "segment"}
    said = complaint(tmp_path, text, columns=columns)
    assert said[:4] == [
        "book.csv: population.book.columns.agge: unknown name; did you mean 'age'?",
        "book.csv: population.book.columns.income: the file has no column 'Income'; known: agee, ordeal, stagee",
        "book.csv: issued: the file lacks this column; known: agee, ordeal, stagee",
        "book.csv: stagee: unknown column; did you mean 'stage'?",
    ]
    # The column `segment` is read as the product too, and is no good as such.
    assert [line.split(": ")[:2] for line in said[4:]] == [
        ["book.csv:row 2", "segment"],
        ["book.csv:row 2", "age"],
        ["book.csv:row 3", "segment"],
        ["book.csv:row 3", "segment"],
        ["book.csv:row 4", "segment"],
        ["book.csv:row 4", "segment"],
        ["book.csv:row 4", "age"],
        ["book.csv:row 4", "customer"],
    ]


def test_twenty_lines_are_enough(tmp_path: Path) -> None:
    rows = "".join(f"{number},mainstream,{-number}\n" for number in range(1, 1_001))
    lines = complaint(tmp_path, "customer,segment,age\n" + rows)
    assert lines[0] == "book.csv:row 2: age: '-1' is below 0"
    assert lines[19:] == ["book.csv:row 21: age: '-20' is below 0", "and 980 more"]


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("costumer,segment", ["customer: the file lacks this column; did you mean 'costumer'?"]),
        ("customer,kind", ["segment: the file lacks this column; known: kind"]),
        ("customer,segment,Age", ["Age: unknown column; did you mean 'age'?"]),
        ("customer,segment,consent push",
         ["consent push: unknown column; did you mean 'consent_push'?"]),
        ("customer,segment,agent", []),
        ("customer,segment,premium", ["product: the file lacks this column"]),
        ("customer,segment,segment", ["segment: two columns have this name; rename one of them"]),
    ],
)  # fmt: skip
def test_columns_that_are_missing_or_misspelt(tmp_path: Path, header: str, lines: list[str]) -> None:
    row = ",".join(["1", "mainstream", ""][: header.count(",") + 1])
    if not lines:
        assert len(table_of(tmp_path, f"{header}\n{row}\n")) == 1
        return
    said = complaint(tmp_path, f"{header}\n{row}\n")
    assert said[: len(lines)] == [f"book.csv: {line}" for line in lines]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("1,mainstream,40,,\n1,mainstream,40,,\n",
         "row 2: customer: this customer has other rows; each of several rows needs a policy"),
        ("1,mainstream,40,medical,2020-01-01\n1,mainstream,40,,\n",
         "row 3: customer: this customer has other rows; each of several rows needs a policy"),
        ("1,mainstream,40,medical,2020-01-01\n1,mainstream,41,medical,2021-01-01\n",
         "row 3: age: disagrees with row 2 of the same customer"),
        ("1,mainstream,40,medical,2020-01-01\n" * 101,
         "row 2: customer: this customer has more than 100 policies"),
        ("1,mainstream\n2,mainstream,40,,,\n", "row 2: has 2 cells; the header has 5"),
    ],
)  # fmt: skip
def test_rows_that_contradict_each_other(tmp_path: Path, rows: str, line: str) -> None:
    said = complaint(tmp_path, "customer,segment,age,product,issued\n" + rows)
    assert said[0] == f"book.csv:{line}"


def test_the_stage_must_fit_the_policies(tmp_path: Path) -> None:
    header = "customer,segment,stage,product,issued\n"
    rows = "1,mainstream,HOLDING,,\n2,mainstream,LOST,medical,2020-01-01\n"
    assert complaint(tmp_path, header + rows) == [
        "book.csv:row 2: stage: this stage is one of policyholders, and the row has no policy",
        "book.csv:row 3: stage: this stage is one without policies, and the row has one",
    ]


def test_rows_without_a_customer_are_strangers(tmp_path: Path) -> None:
    said = complaint(tmp_path, "customer,segment,age\n,mainstream,40\n,mainstream,50\n")
    assert said == [f"book.csv:row {row}: customer: the value is missing" for row in (2, 3)]


def test_blank_and_ragged_rows_are_counted(tmp_path: Path) -> None:
    rows = '1,mainstream,40\n,,\n\n2,mainstream\n3,mainstream,"4\n1"\n4,mainstream,-1\n'
    assert complaint(tmp_path, "customer,segment,age\n" + rows) == [
        "book.csv:row 5: has 2 cells; the header has 3",
        "book.csv:row 6: age: '4\\n1' is not a number; write it without separators and units",
        "book.csv:row 7: age: '-1' is below 0",
    ]


def test_a_segment_for_all_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="unknown segment 'main-stream'; did you mean 'mainstream'"):
        with_book("book.csv", segment="main-stream")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("book.csv", b"", "has no header; name the columns in the first row"),
        ("book.csv", b"customer,segment\n", "has no rows; give at least one customer"),
        ("book.csv", b"customer,segment\n,\n\n", "has no rows; give at least one customer"),
        ("book.csv", b"customer,segment\n1,mainstream\n" + "王,大众\n".encode("gbk"),
         "line 3 is not UTF-8 text; save the file as CSV UTF-8"),
        ("book.csv", b'customer,segment\n"1,mainstream\n' + b"2,mainstream\n" * 200_000,
         "is not a CSV table; is a quotation mark left open? (straddling object"),
        ("book.csv", b"PK\x03\x04\xff\xfe", "line 1 is not UTF-8 text; save the file as CSV UTF-8"),
        ("book.parquet", b"customer,segment\n1,mainstream\n", "is not a Parquet file: "),
        ("book.parquet", b"", "is not a Parquet file: "),
        ("book.xlsx", b"PK\x03\x04", "is neither .parquet nor .csv; save the book as one of them"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table(tmp_path: Path, file: str, content: bytes, message: str) -> None:
    (line,) = complaint(tmp_path, content, file)
    assert line.startswith(f"{file}: {message}")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text(BOOK)
    with pytest.raises(InputError, match=r"bok\.csv: no such file; did you mean 'book\.csv'\?$"):
        read_book(with_book("bok.csv"), tmp_path)


def test_parquet_counts_rows_from_one_and_takes_plain_values_only(tmp_path: Path) -> None:
    table = pa.table({"customer": [1, 2], "segment": ["mainstream", None], "age": [[1], [2]]})
    pq.write_table(table, tmp_path / "book.parquet")
    content = (tmp_path / "book.parquet").read_bytes()
    lines = complaint(tmp_path, content, "book.parquet")
    assert "book.parquet: age: holds list<element: int64>, not plain values" in lines
    assert "book.parquet:row 2: segment: the value is missing" in lines


def test_pandas_and_arrow_wait_until_a_book_is_read() -> None:
    code = "import sys, lifesim.population.book\nprint([name for name in ('pandas', 'pyarrow') if name in sys.modules])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_no_policy_insures_more_than_underwriting_accepts(tmp_path: Path) -> None:
    """By the income that the book gives; another product, or a higher income, may insure as much."""
    products = {name: part.model_dump(mode="json", by_alias=True) for name, part in market().products.items()}
    products["critical_illness"] |= {
        "sum_assured": {"multiple": 50.0},
        "underwriting": {"takes": {"median": "3d", "spread": 0.5}, "by_age": [{"ages": "0+"}], "max_sum_assured": 10.0},
    }
    scenario = with_book("book.csv").replace(products=products)
    text = """\
customer,segment,income,product,issued,premium
1,mainstream,100000,critical_illness,2020-01-01,20000
2,mainstream,100000,critical_illness,2020-01-01,20001
3,mainstream,100000,annuity,2020-01-01,90000
4,mainstream,500000,critical_illness,2020-01-01,90000
"""
    (tmp_path / "book.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_book(scenario, tmp_path)
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "book.csv:row 3: premium: insures 1,000,050 CNY; underwriting of critical_illness accepts at most "
        "10 years of income, 1,000,000 CNY"
    )


def test_sums_are_checked_against_the_highest_income_where_the_book_gives_none(tmp_path: Path) -> None:
    text = """\
customer,segment,product,issued,premium
1,mainstream,critical_illness,2021-03-01,5000
2,mainstream,critical_illness,2021-03-01,9000000
"""
    (line,) = complaint(tmp_path, text)
    assert line.startswith("book.csv:row 3: premium: insures ") and "critical_illness accepts at most" in line


def test_no_policy_has_matured_before_the_start(tmp_path: Path) -> None:
    products = {name: part.model_dump(mode="json", by_alias=True) for name, part in market().products.items()}
    products["annuity"]["maturity"] = {"after": 20, "pays": 1.0, "of": "premiums"}
    scenario = with_book("book.csv").replace(products=products)
    text = """\
customer,segment,product,issued
1,mainstream,annuity,2005-10-07
2,mainstream,annuity,2005-10-08
3,mainstream,medical,2001-01-01
"""
    (tmp_path / "book.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_book(scenario, tmp_path)
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "book.csv:row 2: issued: annuity matures after 20 years, so this policy has ended before the start"
    )


DUES = """\
customer,segment,product,issued,due
1,mainstream,annuity,2021-03-01,{due}
2,mainstream,medical,2021-03-01,2026-03-01
3,mainstream,annuity,2008-03-01,
"""


@pytest.mark.parametrize(
    ("due", "times"), [("2026-03-01", 1), ("2026-09-01", 0), ("2025-12-01", 4), ("2025-11-01", 12)]
)
def test_the_next_due_date_says_how_often_a_policy_is_paid(tmp_path: Path, due: str, times: int) -> None:
    """The warm-up starts on 2025-10-07, so that half-yearly the next date is also the anniversary."""
    if not times:
        (line,) = complaint(tmp_path, DUES.format(due=due))
        assert line == (
            "book.csv:row 2: due: 2026-09-01 is not when the next premium of this policy falls due, which was issued "
            "on 2021-03-01; paid yearly that is 2026-03-01, monthly 2025-11-01"
        )
        return
    table = table_of(tmp_path, DUES.format(due=due))
    assert table.policies is not None
    by_id = dict(zip(table.keys[table.policies.customer].tolist(), table.policies.times.tolist(), strict=True))
    assert [by_id[int(name_key(each))] for each in "123"] == [times, 1, 0]
    world = Experiment(with_book(str(tmp_path / "book.csv")), {"control": Practice()}, []).world(Unit(0, ("main",)))
    mine = world.state.policies[world.state.policies["customer"] == row_of(people_of(table, "main"), "1")]
    assert mine["times"].tolist() == [times]


def test_a_policy_due_before_it_was_issued_is_named(tmp_path: Path) -> None:
    (line,) = complaint(tmp_path, DUES.format(due="2020-03-01"))
    assert line == "book.csv:row 2: due: is before the policy was issued, 2021-03-01"


def test_short_cover_falls_due_once_a_year(tmp_path: Path) -> None:
    text = DUES.format(due="2026-03-01").replace("2021-03-01,2026-03-01\n3", "2021-03-01,2025-12-01\n3")
    (line,) = complaint(tmp_path, text)
    assert line == (
        "book.csv:row 3: due: 2025-12-01 is not when the next premium of this policy falls due, which was issued on "
        "2021-03-01; paid yearly that is 2026-03-01"
    )
