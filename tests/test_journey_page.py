"""docs/journeys.md: its examples run, and it names every word that a journey may use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from quiet_world import REPO

from lifesim.scenario.journeys import Journey, entries, read_journey, steps
from lifesim.scenario.journeys.parsing import parse_audience, parse_triggers
from lifesim.scenario.journeys.texts import CUSTOMER_DATES
from lifesim.scenario.journeys.words import CALLS, CHANNEL_WORDS, CHOICES, EVENTS, FLAGS, NUMBERS

PAGE = (REPO / "docs" / "journeys.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_in_yaml_is_a_journey(tmp_path: Path) -> None:
    path = tmp_path / "sign_in.yaml"
    path.write_text(block("yaml"), encoding="utf-8")
    assert list(read_journey(path).steps) == ["invite", "remind", "call"]


def test_the_example_in_python_is_a_journey() -> None:
    names: dict[str, object] = {}
    exec(block("python"), names)
    assert isinstance(names["journey"], Journey)


@pytest.mark.parametrize(
    "words",
    [entries.KINDS, steps.KINDS, NUMBERS, FLAGS, CALLS, CHOICES, EVENTS, CHANNEL_WORDS, CUSTOMER_DATES],
    ids=["entries", "steps", "numbers", "flags", "calls", "choices", "events", "channels", "dates"],
)
def test_every_word_is_on_the_page(words: object) -> None:
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    code = " ".join(re.findall(r"`([^`\n]+)`", prose))
    missing = [word for word in words if not re.search(rf"\b{word}\b", code)]  # type: ignore[attr-defined]
    assert missing == []


def test_channels_stand_in_the_row_of_what_they_show() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE.split("responses besides")[1], re.MULTILINE)
    told = {
        channel: set(re.findall(r"`(\w+)`", shows))
        for names, shows in rows
        for channel in re.findall(r"`(\w+)`", names)
    }
    assert told == {name: set(each.shows) - {"delivered", "failed"} for name, each in CHANNEL_WORDS.items()}


def test_every_audience_of_the_table_can_be_read() -> None:
    section = PAGE.split("## Audiences")[1].split("## Events")[0]
    cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    texts = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    assert len(texts) > 10
    for text in texts:
        parse_audience(text)


def test_every_event_of_the_table_can_be_waited_for() -> None:
    section = PAGE.split("## Events")[1].split("What a channel shows")[0]
    texts = re.findall(r"`([^`]+)`", "\n".join(row for row in section.splitlines() if row.startswith("| `")))
    assert {trigger.event for text in texts for trigger in parse_triggers(text)} == set(EVENTS)
