"""The page of keys says what the models say, and its example can be copied."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from quiet_world import REPO

from lifesim.scenario import load
from lifesim.scenario.model import Part
from lifesim.scenario.models import Scenario

PAGE = (REPO / "docs" / "scenario_files.md").read_text(encoding="utf-8")


@cache
def script() -> Any:
    """The script that writes the page, as a module."""
    spec = spec_from_file_location("make_scenario_keys", REPO / "docs" / "make_scenario_keys.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parts(below: type[Part]) -> set[type[Part]]:
    """The subclasses of a part that scenario files are made of, and theirs."""
    return {each for part in below.__subclasses__() for each in (part, *parts(part))}


def test_page_of_keys_is_up_to_date() -> None:
    assert script().page() == PAGE, "run: python docs/make_scenario_keys.py"


def test_every_key_of_every_part_is_explained() -> None:
    # The parts of journeys are keys of other files.
    ours = {part for part in parts(Part) if part.__module__.startswith("lifesim.")} - {Scenario}
    known = {part for part in ours if not part.__module__.startswith("lifesim.scenario.journeys.")}
    for part in known - {
        each for each in known if each.__name__ in ("Clock", "Conditions", "Limited", "Spell")
    }:  # bases of others
        body = re.search(rf"^### {part.__name__}$(.*?)(?=^### |\Z)", PAGE, re.MULTILINE | re.DOTALL)
        assert body is not None, part
        for name, field in part.model_fields.items():
            row = re.search(rf"^\| `{field.alias or name}` \| (.+) \| (.*) \| (.+) \|$", body[1], re.MULTILINE)
            assert row is not None, (part, name)
            assert (row[2] == "needed") is field.is_required(), (part, name)
            assert row[3].startswith(str(field.description))


def test_links_lead_to_sections() -> None:
    sections = {heading.lower() for heading in re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)}
    links = set(re.findall(r"\]\(#(\w+)\)", PAGE))
    assert len(links) > 20
    assert links <= sections


@pytest.mark.parametrize("word", ["use", "depends", "appeal", "impulses", "lifts", "fit", "extends"])
def test_what_keys_do_together_is_explained(word: str) -> None:
    assert re.search(rf"^\*\*`{word}(: .*)?`\*\*", PAGE, re.MULTILINE)


def test_the_product_to_copy_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "copied.yaml"
    shipped = (REPO / "scenarios" / "striving_youth.yaml").read_text(encoding="utf-8")
    file.write_text(f"{shipped}{example}", encoding="utf-8")
    scenario = load(file, root=REPO)
    mine = scenario.products["mine"]
    assert mine.model_fields_set >= {name for name, field in type(mine).model_fields.items() if field.is_required()}
