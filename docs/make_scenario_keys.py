"""Write docs/scenario_files.md from the models of scenario files: ``python docs/make_scenario_keys.py``.

The tables of keys come from the models, the examples of parts from the base market; what keys do together is written
here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from lifesim.scenario import units
from lifesim.scenario.behaviour import DERIVED, IMPULSE_EVENTS, STAGES, Stage
from lifesim.scenario.market import CHANNELS, Channel
from lifesim.scenario.model import Part
from lifesim.scenario.models import PlugIn, Scenario

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "scenario_files.md"
MARKET = ROOT / "scenarios" / "markets" / "base.yaml"
HEAD = "| key | takes | without it | meaning |\n|---|---|---|---|\n"

QUANTITIES: dict[str, Any] = {
    "duration": units.Duration,
    "positive duration": units.PositiveDuration,
    "share": units.Share,
    "limit": units.Limit,
    "money": units.Money,
    "rate": units.Rate,
    "time of day": units.ClockTime,
    "end of hours": units.EndTime,
    "count": units.Count,
    "number": units.Real,
    "name": units.Name,
    "date": units.Date,
}
OTHERS: dict[Any, str] = {
    PlugIn: "plug-in", Stage: "stage", Channel: "channel", str: "text", int: "whole number", bool: "true or false",
    Path: "path of a file",
}  # fmt: skip

INTRODUCTION = f"""# Scenario files, key by key

Written by `python docs/make_scenario_keys.py` from `lifesim/scenario/`; do not edit.

A scenario is a YAML 1.2 file in `scenarios/`. `lifesim check` says what is wrong with one, in English, all problems
at once; `lifesim facts SCENARIO` lists its figures, `lifesim list` the names that it may use, and `lifesim schema`
prints the schema for editors.

## What keys have in common

**`extends: markets/base.yaml`** starts from the values of another file (a path from the file's own folder or from
`scenarios/`), or of a list of them, of which the last wins. Mappings merge key by key; any other value, lists too,
replaces the inherited one. `key: ~` removes what is inherited; whatever refers to it must go too.

**`{{fact: messages.push_open}}`** takes a sourced figure in place of a number: `pick: low` or `pick: high` an end of
its range, `index` one of several, `times: 0.5` a multiple, `as: "{{}}/y"` the form in which it is written.

**A stage** is one of {", ".join(STAGES)}. **A channel** is one of {", ".join(CHANNELS)}; these are fixed.
Segments, products, contents, traits and states are named by the scenario: a new name adds one.

**A plug-in** is a name, `weekly_campaign`, or a name with parameters, `{{weekly_campaign: {{max_age: 45}}}}`; those
not given keep the default of the class. `lifesim list strategies` shows them all.

**`use: current_practice`** lets an arm start from a practice. The arm's `orchestration` is added to that of the
practice; its `grading` and `allocation` replace those of the practice. An orchestration that the practice runs already
cannot be named again. Without `use` an arm starts from silence: no newsletter, no notices, and nobody answers
inquiries.

**Covariates** are what behaviour may depend on: every trait, as `(value - center) / scale` (of logarithms where `log`
is true), so that 0 is the reference customer and 1 one `scale` above; every state of mind at its present value; and

{{derived}}

**`depends: {{need: 0.9, fatigue: -0.15}}`** gives coefficients of covariates. On a hazard (`transitions`, `processes`)
and on the rate of `sessions` a coefficient of 0.9 multiplies the rate by exp(0.9) = 2.5 for each unit of the covariate,
and -0.15 by 0.86. In a decision, a renewal or the opening of a message coefficient x covariate is added to the utility
or to the log-odds.

**`appeal`** is the utility where all covariates are zero. When a decision ends, products, the competitor and "not now"
have utility `appeal + sum of depends`, each with the customer's own noise (Gumbel), and the highest wins: a step of 1
between two makes one exp(1) = 2.7 times as likely as the other. For `renewal` and `recovery` it is the log-odds of
buying short cover again: 0 is 50%, 1 is 73%, 2 is 88%, -1 is 27%.

**`cures: {{forgotten: 0.6}}`** is what a content does against causes of not paying (`behaviour.unpaid`) when it
arrives, opened or not: that share of the premiums that fall due next, or are in grace, is no longer kept from being
paid by this cause. No other cause is touched.

**`impulses`** are added to states of mind at once, and decay with the `half_life` of the state. Contents have them, and
these events:

{{events}}

**`life_events`** come by the customer's own calendar, in every stage, and no strategy moves them. The rate is that of
a year: times the factor of the band of `ages` in which the customer is in the middle of it, times the exponential of
coefficient x trait. States with a long half-life and a `trait` are needs that life events move for years.

**`cover`** says how much cover a customer wants in a family of needs: `years` of income, times the exponential of
coefficient x trait or state. A policy gives its `sum_assured`, a multiple of its annual premium, unless it
rests. What is wanted and not held is `gap_protection`, `gap_health` and `gap_wealth`, which hazards and choices may
depend on and no strategy sees.

**`lifts: {{FIRST_PURCHASE.decide: 1.0}}`** adds to one hazard, from the moment a touch is opened, that multiple of the
background hazard: 1.0 doubles it, and the extra part halves with each `half_life` of that transition. It acts only on
customers in the stage.

**`fit: {{HOLDING: 0.6, AWARENESS: -1}}`** is how well a content suits a stage: a factor on its impulses, where a
negative one turns them round, and on its lifts, where anything below 0 counts as 0. Stages not named have 1.

**`aim: {{family: health, gap: 3, harm: {{trust: 0.1}}}}`** lets a content speak to one family of needs. It is to the
point by the customer's gap over `gap`, at most 1: that is a factor on what it does where `fit` is above zero, and what
is missing to 1 times `harm` is taken from states of mind. With a gap of 1.5 here, half of the effect and half of the
harm. Without an `aim` nothing is asked.

**`closing_power`** says what a decision loses by who advised the customer, in the present stage and by the best of all
channels that did: `closing` of a channel is the share who buy of those advised so, `online` that of those whom nobody
advised. A product of difficulty `by_complexity` x complexity + `by_premium` x ln(median premium / `premium`) loses that
many times the distance between the log-odds of the share and those of `best`: with 60%, 74% and a difficulty of 1 these
are 0.64 of its utility. `needs_person` remains: such a product cannot be bought without a conversation or a serving
agent.

**`activity: {{visits: 2, lasts: 14d, half_life: 3d}}`** lets a content with a benefit bring visits to the app beside
the customer's own: at an even rate while the benefit runs, then ever fewer. Such visits open no page and use no
service: by themselves they raise no need.

**`by_hour`** of a channel holds 24 numbers, added to the log-odds of opening by the hour of delivery. With
`behaviour.own_hours: 3` customers have a day of their own: of two thirds of them it is earlier or later by at most
three hours, for good.

## Units

| takes | written | meaning |
|---|---|---|
{{quantities}}

A month is a twelfth of a year of 365 days. Coefficients, states and utilities have no unit.

## A product to copy

A new product needs these keys, under a name of its own. Policyholders at the start have it
only where a segment's `book` gives it a share.

```yaml
products:
{{product}}
```
"""


def quantities() -> str:
    """A row for each way to write a figure."""
    rows = []
    for name, kind in QUANTITIES.items():
        schema = TypeAdapter(kind).json_schema()
        examples = ", ".join(f"`{example}`" for example in schema["examples"]) if "examples" in schema else ""
        rows.append(f"| {name} | {examples or '`2026-01-05`'} | {schema['description']} |")
    return "\n".join(rows)


def product(name: str = "accident") -> str:
    """The lines of a product of the base market, under another name."""
    lines = MARKET.read_text(encoding="utf-8").splitlines()
    first = lines.index(f"  {name}:", lines.index("products:"))
    end = next(k for k in range(first + 1, len(lines)) if not lines[k].startswith("    "))
    return "\n".join(["  mine:", *lines[first + 1 : end]])


def takes(hint: Any) -> str:
    """What a key takes, in words."""
    for name, kind in (*QUANTITIES.items(), *((name, kind) for kind, name in OTHERS.items())):
        if hint == kind:
            return name
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return takes(inner[0])
    if origin in (Union, UnionType):
        if set(get_args(PlugIn)) <= set(inner):  # an optional one
            return "plug-in"
        return " or ".join(takes(each) for each in inner if each is not NoneType)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in inner)
    if origin is tuple:
        several = inner[-1] is Ellipsis
        return f"list{'' if several else f' of {len(inner)}'}: {takes(inner[0])}"
    if origin is dict:
        return f"{takes(inner[0])}: {takes(inner[1])}"
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def parts_in(hint: Any) -> Iterator[tuple[str, type[Part]]]:
    """Parts that a key may hold, each with what stands between the key and the part."""
    if isinstance(hint, type) and issubclass(hint, Part):
        yield "", hint
    is_mapping = isinstance(get_origin(hint), type) and issubclass(get_origin(hint), Mapping)
    for each in get_args(hint)[1 if is_mapping else 0 :]:
        for below, part in parts_in(each):
            yield (f".<{takes(get_args(hint)[0])}>{below}" if is_mapping else below), part


def places(part: type[Part], path: str = "", found: dict[type[Part], list[str]] | None = None) -> dict[Any, list[str]]:
    """Every part by the paths at which it may stand, in the order of the keys."""
    found = {} if found is None else found
    found.setdefault(part, []).append(path)
    hints = get_type_hints(part, include_extras=True)
    for name, field in part.model_fields.items():
        for below, each in parts_in(hints[name]):
            places(each, f"{path}.{field.alias or name}{below}".removeprefix("."), found)
    return found


def row(name: str, hint: Any, field: FieldInfo) -> str:
    """The row of a key."""
    extra = field.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else None
    meaning = f"{field.description} ({unit})" if unit else str(field.description)
    return f"| `{field.alias or name}` | {takes(hint)} | {_without(field)} | {meaning} |"


def _without(field: FieldInfo) -> str:
    """What holds where the key is left out."""
    if field.is_required():
        return "needed"
    if field.default is None or field.default == "":
        return ""
    if isinstance(field.default, tuple):
        return "`[" + ", ".join(map(str, field.default)) + "]`" if field.default else "none"
    if isinstance(field.default, dict):
        return ", ".join(f"`{key}: {value:g}`" for key, value in field.default.items()) or "none"
    return "defaults" if isinstance(field.default, Part) else f"`{str(field.default).lower()}`"


def section(part: type[Part], paths: list[str]) -> str:
    """Heading, explanation and table of a part."""
    hints = get_type_hints(part, include_extras=True)
    rows = "\n".join(row(name, hints[name], field) for name, field in part.model_fields.items())
    said = (part.__doc__ or "").partition("\n")[0].replace("``", "`")
    where = ", ".join(f"`{path}`" for path in paths)
    lead = f"{said} At {where}." if where.strip("`") else f"{said} The whole file, beside `extends`."
    return f"### {part.__name__}\n\n{lead}\n\n{HEAD}{rows}\n"


def page() -> str:
    """The whole page."""
    derived = "\n".join(f"- `{name}`: {meaning}" for name, meaning in DERIVED.items())
    text = INTRODUCTION.replace("{derived}", derived).replace("{quantities}", quantities())
    text = text.replace("{product}", product()).replace("{events}", textwrap.fill(", ".join(IMPULSE_EVENTS), 110))
    sections = [section(part, list(dict.fromkeys(paths))) for part, paths in places(Scenario).items()]
    return "\n".join([text, "## The keys\n", *sections])


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
