"""Every strategy that ships is run by a scenario that ships."""

from __future__ import annotations

from pathlib import Path

import lifesim
from lifesim.experiment.manifest import composition
from lifesim.experiment.plugins import practices
from lifesim.scenario.labels import Label

ROOT = Path(__file__).parents[1]


def test_every_strategy_file_is_used_by_a_scenario() -> None:
    files = {path.stem for path in (ROOT / "strategies").glob("*/[a-z]*") if path.suffix in (".py", ".yaml")}
    used = set()
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        scenario = lifesim.load(path.stem)
        made_of = composition(scenario, practices(scenario))
        used |= {each["name"] for each in made_of["mechanisms"]}
        used |= {each["name"] for arm in made_of["arms"].values() for each in arm["plugins"]}
    assert len(files) > 40 and files - used == set()


def test_every_scenario_asks_its_question_in_both_languages() -> None:
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        question = lifesim.load(path.stem).question
        assert isinstance(question, Label), path.name
        assert question.en.isascii() and not question.zh.isascii(), path.name
