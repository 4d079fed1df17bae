"""`lifesim rules`: an arm beside itself without each rule of its contact policy."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from small_worlds import described

import lifesim
from lifesim.cli import main
from lifesim.errors import InputError
from lifesim.experiment.rules import TOLD, RuleCosts, rule_costs
from lifesim.report.rule_costs import lines
from lifesim.scenario import Scenario

POLICY: dict[str, Any] = {
    "marketing_cap": None, "quiet": {"start": "03:00", "end": "03:01"},
    "caps": {"once": {"touches": 1, "within": "50d"}},
}  # fmt: skip


def scenario() -> Scenario:
    base = lifesim.load("aa")
    arms = {
        "control": {"use": "current_practice"},
        "offers": {
            "use": "current_practice", "orchestration": [{"weekly_campaign": {"max_age": 60}}],
            "contact_policy": {"caps": {"twice": {"touches": 2, "within": "50d"}}},
        },
    }  # fmt: skip
    sized = base.population.model_dump(mode="json", by_alias=True) | {"size": 2_000}
    run_with = base.experiment.model_dump(mode="json") | {"replications": 2}
    return base.replace(
        population=sized, contact_policy=POLICY, arms=arms, horizon="60d", warm_up="14d", experiment=run_with
    )


@cache
def costs() -> RuleCosts:
    return rule_costs(scenario(), "offers", workers=1)


def test_each_rule_is_left_out_by_itself_and_what_held_nothing_back_changes_nothing() -> None:
    found = costs()
    assert found.rules == ("quiet", "once", "twice") and not found.failures
    effects = found.effects.set_index(["rule", "metric"])
    assert set(effects.index) == {(rule, metric) for rule in found.rules for metric in TOLD}
    assert (effects["control"] == "offers").all() and (effects["replications"] == 2).all()
    # Quiet hours of a minute at night, and a second touch that the cap of one never lets through: exactly nothing.
    assert (effects.loc[["quiet", "twice"], "effect"] == 0.0).all()
    assert effects.loc[("once", "touches_per_customer"), "low"] > 0.0
    assert found.held_back["once"] > 100 and found.held_back["twice"] == found.held_back["quiet"] == 0.0


def test_the_touches_that_a_rule_costs_are_those_that_are_sent_without_it() -> None:
    """The paired difference is that of two worlds that are run one by one."""
    from lifesim.experiment.comparison import compare

    given = scenario()
    freer = given.arms["offers"].model_dump(mode="json") | {"contact_policy": {"without": ["once"]}}
    freer["contact_policy"]["caps"] = {"twice": {"touches": 2, "within": "50d"}}
    arms = {"control": given.arms["control"], "offers": given.arms["offers"],
            "freer": type(given.arms["offers"]).model_validate(freer)}  # fmt: skip
    by_hand = compare(given, arms, workers=1).effects.set_index(["metric", "segment", "arm"])
    difference = [by_hand.loc[("touches_per_customer", "all", arm), "arm_mean"] for arm in ("offers", "freer")]
    effect = costs().effects.set_index(["rule", "metric"]).loc[("once", "touches_per_customer"), "effect"]
    assert effect == pytest.approx(10_000 * (difference[1] - difference[0]))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_lines_fit_a_terminal_and_say_what_the_rule_comes_to(lang: str) -> None:
    from rich.cells import cell_len

    text = list(lines(costs(), lang))
    assert max(map(cell_len, text)) <= 80
    assert sum("once" in line for line in text) == 1
    assert sum(line.startswith("  ") and ("nothing" in line or "不改变" in line) for line in text) == 2
    assert any("held back" in line or "拦截" in line for line in text)


def test_a_rule_that_costs_policies_is_told_apart_from_one_that_brings_them() -> None:
    found = costs()
    for sign, word in ((1.0, "costs 12"), (-1.0, "brings 12")):
        rows = found.effects.copy()
        chosen = (rows["rule"] == "once") & (rows["metric"] == "policies_per_10k")
        rows.loc[chosen, ["effect", "low", "high"]] = [sign * 12.0, sign * 12.0 - 3, sign * 12.0 + 3]
        for replications, differing, told in ((10, 5, 1), (10, 4, 0), (4, 4, 0)):
            rows.loc[chosen, ["replications", "differing"]] = [replications, differing]
            made = RuleCosts(**(vars(found) | {"effects": rows}))
            assert sum(word in line for line in lines(made)) == told, "too few worlds to tell"


def test_the_command_prints_lines_or_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["rules", "aa", "--arm", "nobody"])
    assert left.value.code == 2
    assert "no arm 'nobody'" in capsys.readouterr().err
    plain = json.dumps(costs().to_json(), allow_nan=False)
    assert {row["rule"] for row in json.loads(plain)["effects"]} == {"quiet", "once", "twice"}


def test_arms_of_the_scenario_may_be_called_as_one_without_a_rule_and_rules_may_have_long_names() -> None:
    """Variants have names that no arm has, so that no rule is left unsaid."""
    long = "a" * 59
    given = scenario()
    arms = {name: arm.model_dump(mode="json", by_alias=True) for name, arm in given.arms.items()}
    arms["without_quiet"] = {"use": "current_practice", "contact_policy": {"without": ["quiet"]}}
    caps = {long + end: {"touches": 1, "within": "50d"} for end in "bc"}
    found = rule_costs(
        given.replace(
            arms=arms, contact_policy=POLICY | {"caps": caps}, warm_up="0d", horizon="1d",
            population=described(given)["population"] | {"size": 50}, measure={"primary": "touches_per_customer"},
        ),
        workers=1,
    )  # fmt: skip
    assert found.rules == ("quiet", long + "b", long + "c") and not found.failures
    assert set(found.effects["rule"]) == set(found.rules)


def test_an_arm_without_rules_has_nothing_to_leave_out() -> None:
    bare = scenario().replace(contact_policy={"marketing_cap": None})
    with pytest.raises(InputError, match="no rule of the contact policy holds in arm 'control'"):
        rule_costs(bare)
