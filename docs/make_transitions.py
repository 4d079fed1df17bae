"""Write docs/transitions.md from the base market: ``python docs/make_transitions.py``.

Arrows, figures and their sources are read from the scenario files; what belongs to the contract's calendar and to the
ends of decisions is listed here, because its place is in the code and its figures are in the products.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lifesim.scenario import Scenario, load
from lifesim.scenario.behaviour import Clock
from lifesim.scenario.facts import load_facts

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "transitions.md"
LIFECYCLE, CALENDAR, PREMIUMS = "tests/test_lifecycle.py", "tests/test_calendar.py", "tests/test_premiums.py"
UNDERWRITING, ENDINGS = "tests/test_underwriting.py", "tests/test_endings.py"
LIFE_EVENTS, CLAIMS = "tests/test_life_events.py", "tests/test_claims.py"
HEAD = "| from | to | cause | covariates | parameter | source | fails without it |\n|---|---|---|---|---|---|---|\n"
Keys = tuple[str, ...]

INTRODUCTION = """# Arrows of the lifecycle

Written by `python docs/make_transitions.py` from `scenarios/markets/base.yaml`; do not edit.

A hazard is its rate, times the factor of the band of time in the stage, times the season, times the exponential of
the sum of coefficient x covariate. Traits are centred and scaled, states of mind decay, and the derived covariates
are those of `lifesim.scenario.behaviour.DERIVED`. Hazards follow bands and covariates at the refreshes of the
customer's own grid. A source is an entry of the facts file with its confidence, or an assumption.

The effect of every covariate of a hazard has a test of its own:
`test_hazard_follows_covariate[<arrow>-<covariate>]` in `tests/test_lifecycle.py`; for `phase` it is
`test_hazard_follows_phase[<share of complaints>-<arrow>]`.
"""


class Row(NamedTuple):
    """One arrow or process as the page shows it."""

    source: str
    to: str
    cause: str
    covariates: str
    parameter: str
    origin: str
    test: str

    def __str__(self) -> str:
        return "| " + " | ".join(self) + " |"


def written(scenario: Scenario, *path: str) -> tuple[str, str]:
    """A figure as written, and where it comes from."""
    source = scenario._source
    assert source is not None
    text = source.node(path).text
    provenance = source.provenance.get(path)
    if provenance is None:
        return text, "assumption"
    confidence = load_facts()[provenance.fact].confidence
    use = f" {provenance.use}" if provenance.use else ""
    return text, f"fact `{provenance.fact}`{use} ({confidence})"


def figures(scenario: Scenario, named: dict[str, Keys]) -> tuple[str, str]:
    """Several figures and their sources; a source that they share is named once."""
    found = {name: written(scenario, *path) for name, path in named.items()}
    values = ", ".join(f"{name} {text}".strip() for name, (text, _) in found.items())
    origins = dict.fromkeys(origin for _, origin in found.values())
    return values, "; ".join(origins)


def covariates(depends: dict[str, float]) -> str:
    """Coefficients by covariate."""
    return ", ".join(f"{name} {value:+g}" for name, value in depends.items()) or "none"


def test(file: str, name: str) -> str:
    """Node id of a test."""
    return f"`{file}::{name}`"


def hazard(scenario: Scenario, group: str, name: str, rule: Clock) -> tuple[str, str]:
    """Rate of a clock as written with its bands, and its source."""
    rate, origin = written(scenario, "behaviour", group, name, "rate")
    node = scenario._source.node(("behaviour", group, name, "bands")) if scenario._source and rule.bands else None
    if node is not None and isinstance(node.value, dict):
        bands = ", ".join(f"x {each.text} from {edge}" for edge, each in node.value.items())
        return f"{rate}; {bands}", origin if origin == "assumption" else f"{origin}; bands: assumption"
    return rate, origin


ENDS = {
    "decide": "HOLDING, LOST or AWARENESS (below)",
    "escalate": "the next phase (below)",
    "win_back": "HOLDING, or AWARENESS where nothing can be closed",
}


def arrows(scenario: Scenario) -> list[Row]:
    """Every transition of the scenario."""
    rows = []
    for name, rule in scenario.behaviour.transitions.items():
        stage, _, cause = name.partition(".")
        to = ENDS.get(rule.event) or str(rule.to)
        proof = test(LIFECYCLE, f"test_arrow_is_taken[{name}]")
        parameter = hazard(scenario, "transitions", name, rule)
        rows.append(Row(stage, to, cause, covariates(rule.depends), *parameter, proof))
    return rows


def processes(scenario: Scenario) -> list[Row]:
    """What happens again and again without a move."""
    rows = []
    for name, rule in scenario.behaviour.processes.items():
        stages = "every stage" if len(rule.stages) == len(scenario.behaviour.refresh) else ", ".join(rule.stages)
        proof = test(LIFECYCLE, f"test_process_runs_in_its_stages[{name}]")
        parameter = hazard(scenario, "processes", name, rule)
        rows.append(Row(stages, "the same", name, covariates(rule.depends), *parameter, proof))
        if rule.event == "claim":
            rows.append(incidences(scenario, stages))
    return rows


def life_events(scenario: Scenario) -> list[Row]:
    """What moves needs, by the customer's own calendar."""
    rows = []
    for name, rule in scenario.behaviour.life_events.items():
        rate, origin = written(scenario, "behaviour", "life_events", name, "rate")
        ages = "".join(f"; x {factor:g} from age {age}" for age, factor in sorted(rule.ages.items()))
        moves = covariates(rule.impulses)
        proof = test(LIFE_EVENTS, f"test_each_kind_has_impulses_of_its_own[{name}]")
        parameter = f"{rate}{', once in a life' if rule.once else ''}{ages}"
        depends = f"{covariates(rule.depends)}; moves {moves}"
        rows.append(Row("every stage", "the same", name, depends, parameter, origin, proof))
    return rows


def incidences(scenario: Scenario, stages: str) -> Row:
    """What the rate of claims is multiplied by."""
    incidence: dict[str, Keys] = {name: ("products", name, "claims", "incidence") for name in scenario.products}
    proof = test(CLAIMS, "test_the_hazard_is_the_sum_over_the_policies_in_force_at_every_time")
    cause = "claim: times the incidence of the policies in force, added up"
    return Row(stages, "the same", cause, "age, by `by_age`", *figures(scenario, incidence), proof)


def utilities(scenario: Scenario, part: str) -> tuple[str, str, str]:
    """Covariates of a utility of the products that have it, appeals as written, source."""
    products = {name: rule for name, rule in scenario.products.items() if getattr(rule, part) is not None}
    every = {name: covariates(getattr(rule, part).depends) for name, rule in products.items()}
    depends = "; ".join(f"{name}: {terms}" for name, terms in every.items())
    named: dict[str, Keys] = {name: ("products", name, part, "appeal") for name in products}
    return depends, *figures(scenario, named)


def decisions(scenario: Scenario) -> list[Row]:
    """How a first-purchase episode, a further purchase and a win-back end."""
    choice = utilities(scenario, "choice")
    person = ", ".join(name for name, rule in scenario.products.items() if rule.needs_person)
    rows = [
        Row("FIRST_PURCHASE", "HOLDING", "one of our products", *choice,
            test(LIFECYCLE, "test_decision_ends_in_a_policy_a_loss_or_another_day")),
        Row("FIRST_PURCHASE", "HOLDING", f"a product that needs a person ({person}), once an adviser answered",
            "answered since the stage began", "needs_person", "assumption",
            test(LIFECYCLE, "test_products_that_need_a_person_wait_for_an_adviser")),
    ]  # fmt: skip
    ends = {"competitor": ("LOST", "a competitor, open to those who compare"), "put_off": ("AWARENESS", "not now")}
    tests = {
        "competitor": "test_only_those_who_compare_buy_elsewhere",
        "put_off": "test_more_appeal_draws_customers_to_it_and_between_no_others[put_off]",
    }
    for name, (to, cause) in ends.items():
        depends = covariates(getattr(scenario.behaviour.decision, name).depends)
        named: dict[str, Keys] = {"appeal": ("behaviour", "decision", name, "appeal")}
        if name == "competitor":
            named["comparing"] = ("behaviour", "decision", "comparing")
        rows.append(Row("FIRST_PURCHASE", to, cause, depends, *figures(scenario, named), test(LIFECYCLE, tests[name])))
    grown: dict[str, Keys] = {name: ("behaviour", "upsell", name) for name in ("potential", "maturity")}
    proof = test(LIFECYCLE, "test_further_premiums_grow_with_tenure_up_to_the_potential")
    potential = figures(scenario, grown)
    rows.append(Row("RENEWAL_UPSELL", "HOLDING", "upsell: a larger premium", "tenure", *potential, proof))
    for closable, to in ((True, "HOLDING"), (False, "AWARENESS")):
        cause = "win_back: buys what needs no person" if closable else "win_back: nothing that can be closed"
        proof = test(LIFECYCLE, f"test_win_back[{closable}]")
        rows.append(Row("LOST", to, cause, "those of the choice", "appeals as above", "assumption", proof))
    return rows


def warning(scenario: Scenario) -> list[Row]:
    """Phases of the churn warning."""
    complaint = figures(scenario, {"complaint": ("behaviour", "warning", "complaint")})
    regulator = figures(scenario, {"regulator": ("behaviour", "warning", "regulator")})
    at_once = figures(scenario, {"regulator_at_once": ("behaviour", "warning", "regulator_at_once")})
    silent = figures(scenario, {"silent_start": ("behaviour", "warning", "silent_start")})
    return [
        Row("1 dissatisfied", "2 complained", "escalate", "see the arrow", *complaint,
            test(LIFECYCLE, "test_share_of_complaints")),
        Row("1 dissatisfied", "3 silent", "escalate without a complaint", "see the arrow", *complaint,
            test(LIFECYCLE, "test_warning_skips_the_complaint")),
        Row("1 dissatisfied", "4 to the regulator", "escalate, the insurer skipped", "see the arrow", *at_once,
            test(LIFECYCLE, "test_complaints_to_the_regulator_skip_the_insurer")),
        Row("2 complained", "4 to the regulator", "escalate", "see the arrow", *regulator,
            test(LIFECYCLE, "test_complaints_go_on_to_the_regulator")),
        Row("4 to the regulator", "3 silent", "escalate", "see the arrow", "the same clock", "assumption",
            test(LIFECYCLE, "test_complaints_go_on_to_the_regulator")),
        Row("2 complained", "3 silent", "escalate", "see the arrow", "the same clock", "assumption",
            test(LIFECYCLE, "test_warning_goes_through_complaint_to_silence")),
        Row("HOLDING, RENEWAL_UPSELL", "3 silent", "premium unpaid on the due date", "none", *silent,
            test(CALENDAR, "test_unpaid_premium_may_lead_straight_to_silence[0.4]")),
    ]  # fmt: skip


def calendar(scenario: Scenario) -> list[Row]:
    """Dates of the contract: decided by keyed draws, not by hazards."""
    renewal, recovery = utilities(scenario, "renewal"), utilities(scenario, "recovery")
    graces: dict[str, Keys] = {name: ("products", name, "grace") for name in scenario.products}
    grace = figures(scenario, graces)
    days = "60 days before the due date (`lifesim.population.columns.NOTICE`)"
    causes = scenario.behaviour.unpaid
    depends = "; ".join(f"{name}: {covariates(cause.depends)}" for name, cause in causes.items())
    unpaid = figures(scenario, {name: ("behaviour", "unpaid", name, "chance") for name in causes})
    recovers = figures(scenario, {name: ("behaviour", "unpaid", name, "recovers") for name in causes})
    long = {name: product for name, product in scenario.products.items() if product.payment}
    reinstated = figures(scenario, {name: ("products", name, "payment", "reinstated") for name in long})
    return [
        Row("HOLDING", "RENEWAL_UPSELL", "notice of a premium due", "none", days, "assumption",
            test(CALENDAR, "test_notice_opens_the_renewal_sixty_days_before_the_due_date")),
        Row("RENEWAL_UPSELL", "HOLDING", "short cover bought again on the anniversary", *renewal,
            test(CALENDAR, "test_payment_closes_the_renewal_on_the_due_date")),
        Row("RENEWAL_UPSELL", "HOLDING", "short cover bought again at the end of grace", *recovery,
            test(CALENDAR, "test_recovery_at_the_end_of_grace")),
        Row("RENEWAL_UPSELL", "HOLDING", "premium of a long-term policy paid when due: no cause keeps it", depends,
            *unpaid, test(PREMIUMS, "test_shares_of_premiums_not_paid")),
        Row("RENEWAL_UPSELL", "HOLDING", "causes overcome by the end of grace", "none", *recovers,
            test(PREMIUMS, "test_recovery_by_cause")),
        Row("RENEWAL_UPSELL", "HOLDING", "causes cured by a touch", "none", "`cures` of the contents", "assumption",
            test(PREMIUMS, "test_each_cause_responds_to_its_own_lever_alone[before the due date-forgotten]")),
        Row("RENEWAL_UPSELL, HOLDING, CHURN_WARNING", "LOST", "lapsed: the last policy, at the end of grace",
            "those of the recovery", *grace, test(CALENDAR, "test_lapse_at_the_end_of_grace")),
        Row("any of these", "the same", "lapsed, while another policy is held", "those of the recovery", *grace,
            test(CALENDAR, "test_who_holds_another_policy_is_not_lost_by_a_lapse")),
        Row("AWARENESS, FIRST_PURCHASE, LOST", "HOLDING", "suspended policy reinstated", "none", *reinstated,
            test(PREMIUMS, "test_suspension_ends_cover_and_reinstatement_brings_it_back_with_arrears")),
        *ends_of_policies(scenario),
    ]  # fmt: skip


def ends_of_policies(scenario: Scenario) -> list[Row]:
    """Where an application leads, and ends of policies that are no churn."""
    products = scenario.products
    takes: dict[str, Keys] = {
        name: ("products", name, "underwriting", "takes", "median") for name in products if products[name].underwriting
    }
    after: dict[str, Keys] = {
        name: ("products", name, "maturity", "after") for name in products if products[name].maturity
    }
    ending: dict[str, Keys] = {
        name: ("products", name, "claims", "incidence") for name in products if products[name].claims.ends_policy
    }
    holders = "HOLDING, RENEWAL_UPSELL, CHURN_WARNING"
    return [
        Row("AWARENESS", "HOLDING", "policy issued after underwriting", "age, by the bands of `underwriting`",
            *figures(scenario, takes), test(UNDERWRITING, "test_time_from_application_to_issue_is_lognormal")),
        Row(holders, "LOST", "matured: the last policy, in years after the issue", "none", *figures(scenario, after),
            test(ENDINGS, "test_maturity_pays_a_share_of_the_sum_assured")),
        Row(holders, "LOST", "claimed: the last policy, which a claim that is paid ends", "those of the claim",
            *figures(scenario, ending),
            test(ENDINGS, "test_a_claim_that_is_paid_ends_the_policy_and_one_refused_does_not")),
    ]  # fmt: skip


def page(scenario: Scenario) -> str:
    """The whole page."""
    parts = {
        "Hazards": arrows(scenario),
        "How decisions end": decisions(scenario),
        "Phases of the warning": warning(scenario),
        "The contract's calendar": calendar(scenario),
        "Recurring, without a move": processes(scenario),
        "Life events": life_events(scenario),
    }
    tables = [f"## {title}\n\n{HEAD}" + "\n".join(map(str, rows)) + "\n" for title, rows in parts.items()]
    return "\n".join([INTRODUCTION, *tables])


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(load("aa", root=ROOT)), encoding="utf-8")


if __name__ == "__main__":
    main()
