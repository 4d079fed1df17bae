"""The text of a YAML file, and what its syntax errors mean in plain words."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.wording import FULL_WIDTH, full_width_hint, suggest

MAX_BYTES = 5_000_000

_QUOTED_OR_COMMENT = re.compile(r"\"[^\"]*\"|'[^']*'|(?:^|\s)#.*")


def display_name(path: Path) -> str:
    """`path` as messages print it: relative to the working directory where it lies inside."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_text(path: Path) -> str:
    """Text of the UTF-8 file `path`, without a byte order mark.

    Raises
    ------
    ScenarioError
        When there is no such file, or it is unreadable, too large or in another encoding.
    """
    name = display_name(path)
    if not path.is_file():
        raise ScenarioError([Problem(name, "", _missing(path))])
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ScenarioError([Problem(name, "", f"cannot be read: {error.strerror}")]) from None
    if len(raw) > MAX_BYTES:
        message = f"larger than {MAX_BYTES // 1_000_000} MB; keep data in a table, not in YAML"
        raise ScenarioError([Problem(name, "", message)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(name, raw[: error.start].decode("utf-8", "replace"))
        raise ScenarioError([Problem(place, "", _encoding_message(raw))]) from None


def _missing(path: Path) -> str:
    if path.is_dir():
        return "is a folder; name a YAML file"
    known = [each.name for each in path.parent.glob("*.yaml")] if path.parent.is_dir() else []
    return "no such file" + (suggest(path.name, known) if known else "")


def _encoding_message(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "the file is saved as UTF-16; save it as UTF-8"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "the file is not UTF-8 text; save it as UTF-8"
    return "the file is probably saved as GBK; save it as UTF-8"


def _place(name: str, before: str) -> str:
    """``file:line:col`` of the character that follows the text `before`."""
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def reader_problem(error: ReaderError, text: str, name: str) -> Problem:
    """What a character that YAML forbids means."""
    # The reader counts from its own buffer, so the character is looked up instead.
    code = error.character if isinstance(error.character, int) else ord(error.character)
    message = f"character U+{code:04X} is not allowed in YAML; remove it"
    return Problem(_place(name, text[: max(text.find(chr(code)), 0)]), "", message)


def syntax_problem(error: MarkedYAMLError, text: str, name: str) -> Problem:
    """What a syntax error means: a tab, full-width punctuation, or the parser's own complaint."""
    mark = error.problem_mark or error.context_mark
    lines = [*text.splitlines(), ""]
    line = min(mark.line, len(lines) - 1)
    if re.match(r"\s*\t", lines[line]):
        column = lines[line].index("\t") + 1
        message = "a tab indents this line; YAML indents with spaces"
        return Problem(f"{name}:{line + 1}:{column}", "", message)
    reason = str(error.problem or error.context)
    first = error.context_mark.line if error.context_mark else line
    for suspect in sorted({line, max(line - 1, 0), min(first, line)}, reverse=True):
        bare = _QUOTED_OR_COMMENT.sub(lambda found: " " * len(found[0]), lines[suspect])
        at = next((i for i, character in enumerate(bare) if character in FULL_WIDTH), None)
        if at is not None:
            message = f"not valid YAML ({reason}){full_width_hint(bare[at])}, or put the text in quotes"
            return Problem(f"{name}:{suspect + 1}:{at + 1}", "", message)
    if lines[line][mark.column : mark.column + 1] == "\t":
        message = "a tab stands here; write spaces, or put the text in quotes"
        return Problem(f"{name}:{mark.line + 1}:{mark.column + 1}", "", message)
    opened = f" opened on line {first + 1}" if "flow" in str(error.context) else ""
    message = f"not valid YAML ({reason}){_remedy(reason, opened)}"
    return Problem(f"{name}:{mark.line + 1}:{mark.column + 1}", "", message)


def _remedy(reason: str, opened: str) -> str:
    if "cannot start any token" in reason:
        return "; put the text in quotes"
    if "mapping values are not allowed" in reason:
        return "; check the indentation, and put text that contains ': ' in quotes"
    if "expected ':'" in reason:
        return "; a line above needs a colon and a space after its key"
    if "stream" in reason:
        return "; a quote or bracket is not closed"
    if opened:
        return f"; a comma is missing, or the bracket{opened} is not closed"
    return "; check the indentation and brackets"
