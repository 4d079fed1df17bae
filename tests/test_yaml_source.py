"""Scenario files: what is read, where it stands, what is refused, `extends` and facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifesim.errors import ScenarioError
from lifesim.scenario.yaml_nodes import plain_scalar
from lifesim.scenario.yaml_source import Provenance, Source, read


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def source(text: str | bytes, search: tuple[Path, ...] = ()) -> Source:
    return read(write("a.yaml", text), search)


def refusal(text: str | bytes, search: tuple[Path, ...] = ()) -> str:
    with pytest.raises(ScenarioError) as caught:
        source(text, search)
    return str(caught.value)


def problems(text: str) -> list[str]:
    return [str(each) for each in source(text).problems]


def test_scalars_follow_yaml_1_2() -> None:
    data = source(
        "a: no\nb: 010\nc: 1:30\nd: 2026-01-05\ne: 50_000\nf: 1e3\ng: ~\nh: true\ni: 'true'\n"
        "j: .inf\nk: 0x1F\nl: 0o17\nm: 60%\nn:\n"
    ).data
    assert data == {
        "a": "no", "b": 10, "c": "1:30", "d": "2026-01-05", "e": 50_000, "f": 1000.0, "g": None,
        "h": True, "i": "true", "j": float("inf"), "k": 31, "l": 15, "m": "60%", "n": None,
    }  # fmt: skip
    assert type(data["e"]) is int
    assert type(data["f"]) is float


@pytest.mark.parametrize("text", ["+", "-", ".", "1_", "_1", "e5", "1e", "--1", "9" * 50])
def test_what_is_not_quite_a_number_never_fails(text: str) -> None:
    assert isinstance(plain_scalar(text), (str, int, float))


def test_positions_count_from_one() -> None:
    read_source = source("a: 1\nb:\n  - x\n  - {c: 2}\n")
    assert read_source.position(("a",)) == "a.yaml:1:4"
    assert read_source.key_position(("a",)) == "a.yaml:1:1"
    assert read_source.position(("b",)) == "a.yaml:2:1"
    assert read_source.position(("b", 1, "c")) == "a.yaml:4:9"
    assert read_source.position(("b", 1, "missing")) == "a.yaml:4:5"
    assert read_source.position(("b", 7)) == "a.yaml:2:1"
    assert read_source.position(()) == "a.yaml:1:1"


def test_byte_order_mark_and_crlf_are_accepted() -> None:
    assert source(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}


ALIAS_BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("name: 签到\n".encode("gbk"), "a.yaml:1:8", "probably saved as GBK; save it as UTF-8"),
        ("a: 1".encode("utf-16"), "a.yaml:1:1", "UTF-16"),
        (b"a: 1\nb: \xff\xff\xff", "a.yaml:2:4", "not UTF-8"),
        ("a:\n\tb: 1", "a.yaml:2:1", "a tab indents this line"),
        ("a: 1\nb：2\nc: 3", "a.yaml:2:2", "full-width '：'"),
        ("{a: 60%，b: 40%}", "a.yaml:1:8", "full-width '，'"),
        ("a：\n  b: 1", "a.yaml:1:2", "full-width '：'"),
        ("name：x", "a.yaml:1:1", "full-width '：'"),
        ("a: 1\nb: [1, 2", "a.yaml:2:9", "a quote or bracket is not closed"),
        ("a: 'x\nb: 2", "a.yaml:2:5", "a quote or bracket is not closed"),
        ("a: b: c", "a.yaml:1:5", "put text that contains ': ' in quotes"),
        ("a: @b", "a.yaml:1:4", "put the text in quotes"),
        ("a: 1\nb\nc: 2", "a.yaml:3:1", "needs a colon"),
        ("a: 1\nb: \x00", "a.yaml:2:4", "U+0000"),
        ("- a", "a.yaml:1:1", "holds a list, not a mapping"),
        ("just text", "a.yaml:1:1", "holds 'just text', not a mapping"),
        ("", "a.yaml:1:1", "empty"),
        ("# only a comment\n", "a.yaml:2:1", "empty"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1", "second document"),
        ("%YAML 1.1\n---\na: no", "a.yaml:2:1", "remove the %YAML line"),
        (ALIAS_BOMB, "a.yaml:2:10", "alias '*a0' is not allowed"),
        ("a: &x 1\n<<: {b: 1}", "a.yaml:2:1", "use 'extends'"),
        ("a: !!python/object:os.system x", "a.yaml:1:4", "tag"),
        ("? [a]\n: 1", "a.yaml:1:3", "a key is a mapping or list"),
        ("a: " + "[" * 100_000, "a.yaml:1:54", "nested deeper than 50"),
        ("a: [" + "1," * 100_001 + "]", "a.yaml:1:", "more than 100,000 values"),
    ],
)
def test_refuses_with_place_and_remedy(text: str | bytes, place: str, says: str) -> None:
    message = refusal(text)
    assert message.startswith(place)
    assert says in message
    assert "\n" not in message


def test_file_too_large_missing_or_a_folder() -> None:
    assert "larger than 5 MB" in refusal(b"a: 1\n" + b"#" * 5_000_000)
    with pytest.raises(ScenarioError, match=r"^b\.yaml: no such file; did you mean 'a\.yaml'\?$"):
        read(Path("b.yaml"))
    Path("folder").mkdir()
    with pytest.raises(ScenarioError, match="folder: is a folder"):
        read(Path("folder"))


def test_every_duplicate_key_is_named_with_both_lines() -> None:
    assert problems("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "a.yaml:2:11: b.c: key 'c' is given twice, first on line 2; remove one",
        "a.yaml:3:1: a: key 'a' is given twice, first on line 1; remove one",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [x，y]", "a.yaml:1:5: a[0]"),
        ("a: “x”", "a.yaml:1:4: a"),
        ("a:\n  size：50\n  share：3", "a.yaml:2:3: a"),
    ],
)
def test_full_width_punctuation_used_as_syntax(text: str, place: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(place)
    assert "full-width" in problem


def test_full_width_punctuation_in_prose_is_text() -> None:
    prose = "“签到”是否提升首购：对比，看结果？"
    assert source(f"question: {prose}\nnote: |\n  一：二\nquoted: '甲：乙'\n").problems == []
    assert source(f"question: {prose}\n").data == {"question": prose}


# extends --------------------------------------------------------------------------------------


def test_extends_merges_mappings_and_replaces_the_rest() -> None:
    write("markets/base.yaml", "a: {x: 1, y: 2, z: 3}\nb: [1, 2]\nc: {k: 1}\nd: 4\n")
    merged = source("extends: markets/base.yaml\na: {y: 20, z: ~, w: 5}\nb: [9]\nc: 7\ne: ~\n")
    assert merged.data == {"a": {"x": 1, "y": 20, "w": 5}, "b": [9], "c": 7, "d": 4, "e": None}
    assert merged.position(("a", "x")) == "markets/base.yaml:1:8"
    assert merged.position(("a", "y")) == "a.yaml:2:8"
    assert [each.name for each in merged.files] == ["a.yaml", "base.yaml"]


def test_of_several_parents_the_last_wins_and_each_can_remove() -> None:
    write("one.yaml", "a: 1\nb: 1\nc: 1\nd: 1\n")
    write("two.yaml", "a: 2\nb: 2\nd: ~\n")
    merged = source("extends: [one.yaml, two.yaml]\na: 3\nc: ~\n")
    assert merged.data == {"a": 3, "b": 2}


def test_own_folder_comes_before_the_search_folders() -> None:
    write("shelf/base.yaml", "a: shelf\n")
    write("shelf/other.yaml", "b: shelf\nextends: base.yaml\n")
    write("base.yaml", "a: own\n")
    search = (Path("shelf"),)
    assert source("extends: base.yaml", search).data == {"a": "own"}
    assert source("extends: other.yaml", search).data == {"a": "shelf", "b": "shelf"}


def test_a_shared_ancestor_is_read_once() -> None:
    write("root.yaml", "a: 1\na: 2\n")
    write("l.yaml", "extends: root.yaml\n")
    write("r.yaml", "extends: root.yaml\n")
    merged = source("extends: [l.yaml, r.yaml]\n")
    assert len(merged.files) == 4
    assert len(merged.problems) == 1


def test_extends_in_a_circle() -> None:
    write("b.yaml", "extends: a.yaml\n")
    message = refusal("name: x\nextends: b.yaml\n")
    assert message == "b.yaml:1:10: extends: extends itself: a.yaml -> b.yaml -> a.yaml"


def test_extends_too_deep() -> None:
    for i in range(20):
        write(f"f{i}.yaml", f"extends: f{i + 1}.yaml\n")
    write("f20.yaml", "a: 1\n")
    assert "more than 10 files deep" in refusal("extends: f0.yaml")
    assert source("extends: f12.yaml").data == {"a": 1}


@pytest.mark.parametrize(
    ("extends", "says"),
    [
        ("bas.yaml", "no such file 'bas.yaml'; did you mean 'base.yaml'?"),
        ("../outside.yaml", "leads outside of"),
        ("/etc/passwd", "leads outside of"),
        ("link.yaml", "leads outside of"),
        ("3", "3 is not a path"),
        ("[base.yaml, {a: 1}]", "a mapping is not a path"),
        ("", "an empty value is not a path"),
    ],
)
def test_extends_that_leads_nowhere(extends: str, says: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "outside.yaml").write_text("a: 1\n")
    home.mkdir()
    (home / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (home / "base.yaml").write_text("a: 1\n")
    (home / "a.yaml").write_text(f"name: x\nextends: {extends}\n")
    with pytest.raises(ScenarioError) as caught:
        read(home / "a.yaml")
    assert str(caught.value).startswith("home/a.yaml:2:")
    assert says in str(caught.value)


def test_a_key_left_empty_does_not_remove_what_is_inherited() -> None:
    write("base.yaml", "a: {x: 1}\n")
    assert problems("extends: base.yaml\na:\n") == [
        "a.yaml:2:1: a: no value; write ~ to remove what is inherited, or leave the key out"
    ]


def test_syntax_errors_name_the_parent_file() -> None:
    write("base.yaml", "a: [1\n")
    assert refusal("extends: base.yaml").startswith("base.yaml:2:1: not valid YAML")


# facts ----------------------------------------------------------------------------------------


def test_facts_are_substituted_with_their_unit() -> None:
    merged = source(
        "grace: {fact: contract.grace_days}\n"
        "half: {fact: contract.grace_days, times: 0.5}\n"
        "open: {fact: messages.push_open, pick: low}\n"
        "sends: {fact: contract.service_account_marketing_sends_per_month}\n"
        "first: {fact: lapse_and_persistency.surrender_by_policy_year_infra_annual, index: 0}\n"
        "all: {fact: sales.phone_sale_hazard_by_call, as: '{}/y'}\n"
        "agents: {fact: agents.china_agent_count_millions, index: 2023}\n"
        "cost: {fact: messages.sms_cost_cny}\n"
    )
    assert merged.problems == []
    assert merged.data == {
        "grace": "60d",
        "half": "30d",
        "open": 0.005,
        "sends": 4,
        "first": 0.0898,
        "all": ["0.0195/y", "0.0206/y", "0.02/y", "0.0159/y", "0.0131/y"],
        "agents": 2.81,
        "cost": "0.05 CNY",
    }
    assert merged.provenance[("grace",)] == Provenance("fact", "contract.grace_days")
    assert merged.provenance[("half",)].use == "× 0.5"
    assert merged.provenance[("open",)].use == "low"
    assert merged.provenance[("all",)].fact == "sales.phone_sale_hazard_by_call"


def test_a_fact_multiplied_stays_decimal() -> None:
    text = "a: {fact: contract.reinstatement_years, times: 0.15}"
    assert source(text).data == {"a": "0.3y"}


def test_a_child_replaces_a_fact_as_a_whole() -> None:
    write("base.yaml", "a: {fact: messages.push_open, pick: low}\nb: {fact: contract.grace_days}\n")
    merged = source("extends: base.yaml\na: {fact: messages.push_opt_in}\nb: 30d\n")
    assert merged.data == {"a": 0.49, "b": "30d"}
    assert list(merged.provenance) == [("a",)]


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("fact: messages.push_opne", "did you mean 'messages.push_open'?"),
        ("fact: message.push_open", "did you mean 'messages.push_open'?"),
        ("fact: 3", "unknown fact 3"),
        ("fact: messages.push_open, pick: lowest", "write low, high or value"),
        ("fact: money.renewal_commission", "has no value; write pick: low or high"),
        ("fact: messages.push_opt_in, pick: high", "has no high; write pick: value"),
        ("fact: messages.push_open, times: 2x", "'2x' is not a number"),
        ("fact: messages.push_open, index: 0", "single number; remove index"),
        ("fact: sales.phone_sale_hazard_by_call, index: 5", "index 5 is outside 0 to 4"),
        ("fact: agents.china_agent_count_millions", "2019, 2020, 2021, 2023; add index"),
        ("fact: agents.china_agent_count_millions, index: 2022", "did you mean '2023'?"),
        ("fact: messages.push_open, as: d", "must hold {} once"),
        ("fact: messages.push_open, pik: low", "unknown key 'pik' beside 'fact'"),
    ],
)
def test_facts_that_cannot_be_used(reference: str, says: str) -> None:
    (problem,) = problems(f"a:\n  - b: {{{reference}}}\n")
    assert problem.startswith("a.yaml:2:8: a[0].b: ")
    assert says in problem
