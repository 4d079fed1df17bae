"""The log of everyone's events, customers' outcomes, metrics and the ledger tell the same story, to the last fen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from small_worlds import busy, described, experiment, forked, log_of, new_world, run_on, small, table

from lifesim.experiment.unit import Experiment, Unit
from lifesim.metrics import METRICS, totals
from lifesim.population.columns import (
    APPLICATION_OUTCOMES,
    APPLIED,
    CAUSE_DIED,
    CHURN_WARNING,
    DAY,
    E_APPLICATION,
    E_CLAIM,
    E_CLAIM_ENDED,
    E_COMPLAINT,
    E_DEATH,
    E_DECISION,
    E_DELETED,
    E_DELIVERED,
    E_INQUIRY,
    E_LAPSE,
    E_MATURED,
    E_OPENED,
    E_OPT_OUT,
    E_PREMIUM,
    E_PRODUCT_PAGE,
    E_PURCHASE,
    E_REFER,
    E_REGULATOR,
    E_SERVICE_USE,
    E_SESSION,
    E_SETTLED,
    E_STAGE,
    E_SURRENDER,
    E_UNDERWRITTEN,
    E_UNFOLLOWED,
    E_UNPAID,
    EVENTS,
    HOLDING,
    LOST,
    MILESTONES,
    NEVER,
    NO_DAY,
    SUSPENDED,
)
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.scenario.market import CHANNELS
from lifesim.scenario.needs import LIFE_EVENTS
from lifesim.world.closing import closing
from lifesim.world.outcomes import outcomes_of
from lifesim.world.world import World

PRACTICE = busy()
END = 220 * DAY
LEDGER = (
    "premium", "refund", "claims", "maturity", "death_benefit", "cash_value", "commission", "claw_back", "contact",
    "benefit", "acquisition",
)  # fmt: skip


def eventful() -> Scenario:
    """A world in which everything happens within months: hazards are eight times as high, premiums are a burden."""
    base = small({"north": 500, "south": 250}, horizon="200d")
    data = described(base)
    for group in ("transitions", "processes"):
        for name, clock in getattr(base.behaviour, group).items():
            data["behaviour"][group][name]["rate"] = f"{8 * clock.rate}/s"
    data["acquisition"]["advertising"]["rate"] = "4000/y"
    del data["products"]["free_cover"]  # which has rules of its own, and tests
    for product in data["products"].values():
        if product["payment"]:
            product["payment"] |= {"frequency": {"yearly": 1.0}, "reinstated": 0.0}
        else:
            product["renewal"]["appeal"] = -0.5
    for segment in data["segments"].values():
        segment["policy_years"] = {"median": 2.3, "spread": 0.4, "low": 0.05, "high": 2.9}
    data["behaviour"]["transitions"]["HOLDING.death"]["rate"] = "0.3/y"
    for name in ("annuity", "critical_illness"):
        data["products"][name]["payment"]["years"] = 3
        data["products"][name]["maturity"] = {"after": 3, "pays": 1.2, "of": "premiums"}
    data["products"]["critical_illness"]["claims"] |= {"incidence": 0.2, "ends_policy": True}
    for product in data["products"].values():
        product["death_benefit"] = {"pays": 1.5, "of": "premiums"}
    data["products"]["annuity"]["underwriting"] = {
        "takes": {"median": "25d", "spread": 0.8}, "again": "30d", "loading": 1.5, "exclusion": 0.5,
        "by_age": [{"ages": "0+", "health_declaration": 0.2, "declined": 0.1, "postponed": 0.1, "loaded": 0.3}],
    }  # fmt: skip
    for cause in data["behaviour"]["unpaid"].values():
        cause["chance"] *= 4
    return base.replace(**{name: data[name] for name in ("behaviour", "acquisition", "products", "segments")})


@pytest.fixture(scope="module")
def of() -> Experiment:
    return experiment(eventful(), {"control": PRACTICE})


@pytest.fixture(scope="module")
def fork(of: Experiment) -> dict[str, Any]:
    """Policies in force, and whether milestones were reached, when the log begins: by key."""
    c = forked(of, PRACTICE).state.customers.copy()
    return {"policies": dict(zip(c["key"].tolist(), c["policies"].tolist(), strict=True))}


@pytest.fixture(scope="module")
def world(of: Experiment) -> World:
    return run_on(of, forked(of, PRACTICE), PRACTICE, END)[0]


@pytest.fixture(scope="module")
def log(world: World) -> dict[str, Any]:
    return log_of(world)


@pytest.fixture(scope="module")
def early(of: Experiment) -> dict[str, Any]:
    """What happened before the log begins."""
    world = new_world(of)
    world.run(of.scenario.warm_up, of.parts(world, PRACTICE))
    return log_of(world)


class Story:
    """Sums over the log by customer, in the order of the customers' rows."""

    def __init__(self, world: World, log: dict[str, Any]) -> None:
        self.log = log
        self.keys = world.state.customers["key"][: count(world.state)]
        order = np.argsort(self.keys)
        self.rows = order[np.searchsorted(self.keys[order], log["key"])]

    def sum(self, of_kind: Any, values: Any = 1) -> Any:
        values = np.broadcast_to(values, len(self.rows))
        out = np.zeros(len(self.keys), np.int64)
        np.add.at(out, self.rows[of_kind], values[of_kind])
        return out

    def kind(self, *kinds: int) -> Any:
        return np.isin(self.log["kind"], kinds)

    def moves(self, to: int, *since: int) -> Any:
        detail = self.log["detail"]
        return self.kind(E_STAGE) & (detail // 16 % 16 == to) & np.isin(detail // 256, since)


@pytest.fixture(scope="module")
def story(world: World, log: dict[str, Any]) -> Story:
    return Story(world, log)


def test_everything_happens_in_this_world(log: dict[str, Any]) -> None:
    happened = Counter(EVENTS[kind] for kind in log["kind"].tolist())
    assert {name for name in EVENTS if happened[name] < 10} <= {
        "agent_assigned",
        "orphaned",
        "mechanism",
        "joined",
        "contact_deleted",
        "opt_out",
        "reinstated",
        "ended",
        "returned",
        "regulator",
        "unfollowed",
    }


def first_purchases(early: dict[str, Any], story: Story) -> Any:
    """Which policies go back to the decision at the end of a first-purchase episode, at once or by an application."""
    decided, applied, rows = set(), {}, []
    for log in (early, story.log):
        for key, time, kind, detail in zip(*(log[x].tolist() for x in ("key", "time", "kind", "detail")), strict=True):
            if kind == E_DECISION:
                decided.add((key, time, detail))
            elif kind == E_APPLICATION:
                applied[key, detail] = time
            rows.append(kind == E_PURCHASE and (key, applied.pop((key, detail), time), detail) in decided)
    return np.array(rows[len(early["key"]) :])


def test_outcomes_are_what_the_log_says_of_each_customer(world: World, early: dict[str, Any], story: Story) -> None:
    elsewhere = range(LOST)
    counted = {
        "purchases": story.kind(E_PURCHASE),
        "first_purchases": first_purchases(early, story),
        "decided": story.kind(E_UNDERWRITTEN),
        "accepted": story.kind(E_UNDERWRITTEN) & np.isin(story.log["detail"] >> 8, (3, 4, 5)),
        "claims_made": story.kind(E_CLAIM),
        "complaints": story.kind(E_COMPLAINT),
        "regulator_complaints": story.kind(E_REGULATOR),
        "opt_outs": story.kind(E_OPT_OUT),
        "unfollows": story.kind(E_UNFOLLOWED),
        "deletions": story.kind(E_DELETED),
        "sessions": story.kind(E_SESSION),
        "referred": story.kind(E_REFER),
        "inquiries": story.kind(E_INQUIRY),
        "delivered": story.kind(E_DELIVERED),
        "opened": story.kind(E_OPENED),
        "answered": story.kind(E_OPENED) & (story.log["campaign"] == "desk"),
        "paid": story.kind(E_PREMIUM),
        "losses": story.moves(LOST, *elsewhere) & (story.log["detail"] % 16 < CAUSE_DIED),
        "saves": story.moves(HOLDING, CHURN_WARNING),
    }
    o = world.state.outcomes[: count(world.state)]
    begun = story.sum(story.moves(CHURN_WARNING, *(stage for stage in range(LOST + 1) if stage != CHURN_WARNING)))
    under_way = o["warnings"] - begun
    saved = story.sum(counted["saves"])
    assert set(under_way.tolist()) == {0, 1} and np.all(saved <= o["warnings"]) and saved.sum() > 5
    wrong = [name for name, rows in counted.items() if not np.array_equal(o[name], story.sum(rows))]
    assert wrong == []


def test_money_of_each_customer_is_the_sum_of_what_was_logged(world: World, story: Story) -> None:
    o, amount = world.state.outcomes[: count(world.state)], story.log["amount"]
    assert np.array_equal(o["premium"], story.sum(story.kind(E_PURCHASE, E_PREMIUM), amount))
    assert np.array_equal(o["ape"], story.sum(story.kind(E_PURCHASE), amount))
    assert np.array_equal(o["claims"], story.sum(story.kind(E_SETTLED), amount))
    assert np.array_equal(o["maturity"], story.sum(story.kind(E_MATURED), amount))
    assert np.array_equal(o["death_benefit"], story.sum(story.kind(E_DEATH), amount))
    products, share = list(world.scenario.products.values()), np.zeros(len(amount))
    for kind, name in ((E_PURCHASE, "commission"), (E_PREMIUM, "renewal_commission")):
        rows = story.kind(kind)
        share[rows] = np.array([getattr(product, name) for product in products])[story.log["detail"][rows]]
    assert np.array_equal(o["commission"], story.sum(share > 0, np.rint(amount * share).astype(np.int64)))


def test_costs_are_prices_times_counts(world: World) -> None:
    o, t, scenario = world.state.outcomes, world.state.touched, world.scenario
    opened = t[..., 3].sum(axis=(0, 1))
    assert o["benefit"].sum() == sum(opened[k] * c.benefit for k, c in enumerate(scenario.contents.values()))
    allowed = (t[..., 0] - t[..., 5:9].sum(axis=-1)).sum(axis=(0, 2))
    by_channel = {name: int(allowed[k]) * scenario.channels[name].cost for k, name in enumerate(CHANNELS)}
    calls = int(world.extra["desk"][:, 1].sum()) * scenario.desk.cost
    assert o["contact"].sum() == by_channel["push"] + by_channel["sms"] + calls


def test_every_arrival_since_the_fork_has_its_cost(world: World) -> None:
    """Also those who were announced before the fork and joined after it."""
    c = world.state.customers[: count(world.state)]
    cost = world.scenario.acquisition["advertising"].cost
    arrived = (c["source"] == 1) & (c["joined"] >= world.scenario.warm_up)
    assert arrived.sum() > 50
    assert np.array_equal(world.state.outcomes["acquisition"][: len(c)], np.where(arrived, cost, 0))


def test_policies_in_force_are_those_at_the_fork_plus_bought_minus_ended(
    world: World, story: Story, fork: dict[str, Any]
) -> None:
    c = world.state.customers[: count(world.state)]
    before = np.array([fork["policies"].get(key, 0) for key in story.keys.tolist()])
    ended = story.sum(story.kind(E_LAPSE, E_SURRENDER, E_DEATH, E_MATURED, E_CLAIM_ENDED))
    assert np.array_equal(c["policies"], before + story.sum(story.kind(E_PURCHASE)) - ended)
    assert ended.sum() > 50


def test_every_premium_due_is_paid_or_not(world: World, story: Story) -> None:
    """Due = paid at once + unpaid; what is unpaid is recovered in grace, lapses, ends with the customer or waits."""
    o = world.state.outcomes[: count(world.state)]
    unpaid = story.sum(story.kind(E_UNPAID))
    assert np.all(o["paid"] <= o["due"] + 1)
    assert np.all(o["due"] - unpaid <= o["paid"])
    recovered = (o["paid"].astype(int) - (o["due"] - unpaid)).sum()
    assert 0 < recovered < unpaid.sum()


def test_payments_are_set_against_the_premiums_of_the_same_dates(
    of: Experiment, early: dict[str, Any], story: Story, world: World
) -> None:
    """Due dates from the whole log: those before the fork, or whose grace the end cuts short, are left out."""
    (grace,) = {product.grace for product in world.scenario.products.values()}
    waiting: dict[tuple[int, int, int, int], int] = Counter()  # unpaid premiums by customer, product, sum, end of grace
    due, paid = Counter[int](), Counter[int]()
    left_out = Counter[str]()
    is_long = [product.payment is not None for product in of.scenario.products.values()]
    for log in (early, story.log):
        events = zip(*(log[name].tolist() for name in ("key", "detail", "amount", "time", "kind")), strict=True)
        for key, detail, amount, time, kind in events:
            product = detail % 256
            late = kind == E_PREMIUM and waiting[key, product, amount, time] > 0
            waiting[key, product, amount, time] -= late
            since = time - grace if late else time
            if kind == E_UNPAID:
                waiting[key, product, amount, time + grace] += 1
            if kind in (E_PREMIUM, E_UNPAID) and of.scenario.warm_up <= since < END - grace and is_long[product]:
                due[key] += not late
                paid[key] += kind == E_PREMIUM
            elif kind == E_PREMIUM and time >= of.scenario.warm_up:
                left_out["before the fork" if late else "near the end"] += 1
    o = world.state.outcomes[: len(story.keys)]
    assert len(left_out) == 2 and 20 < sum(paid.values()) < sum(due.values())
    assert [due[key] for key in story.keys.tolist()] == o["due_settled"].tolist()
    assert [paid[key] for key in story.keys.tolist()] == o["paid_settled"].tolist()
    rows = [r for r in totals(list(world.scenario.segments), closing(world), *outcomes_of(world))
            if (r["metric"], r["scope"]) == ("premium_payment_rate", "everyone")]  # fmt: skip
    assert sum(r["numerator"] for r in rows) == sum(paid.values())
    assert sum(r["denominator"] for r in rows) == sum(due.values())


def test_sessions_by_day_and_segment_are_those_of_the_log(world: World, story: Story) -> None:
    segment = world.state.customers["segment"][story.rows]
    day = (story.log["time"] - world.scenario.warm_up) // DAY
    sessions = np.zeros_like(world.state.session_days)
    rows = story.kind(E_SESSION)
    np.add.at(sessions, (day[rows], segment[rows]), 1)
    assert np.array_equal(sessions, world.state.session_days)
    inside = story.sum(story.kind(E_PRODUCT_PAGE, E_SERVICE_USE))
    assert np.all(inside <= story.sum(rows))


def test_completed_episodes_are_those_of_the_log(world: World, story: Story) -> None:
    """Moves out of stages entered between the fork and 120 days before the end, and the time spent in them."""
    scenario = world.scenario
    cutoff = scenario.warm_up + scenario.horizon - 120 * DAY
    episodes = np.zeros_like(world.state.occupied)
    entered: dict[int, int] = {}
    segment = world.state.customers["segment"]
    for place in np.flatnonzero(story.kind(E_STAGE)):
        row, time, detail = int(story.rows[place]), int(story.log["time"][place]), int(story.log["detail"][place])
        since = entered.get(row, int(world.state.customers["joined"][row]))
        if scenario.warm_up <= since < cutoff and (row in entered or world.state.customers["source"][row] > 0):
            episodes[segment[row], detail // 256, detail // 16 % 16] += 1
            episodes[segment[row], detail // 256, -1] += time - since
        entered[row] = time
    assert episodes[..., :-1].sum() > 100
    assert np.array_equal(episodes, world.state.occupied)


def test_milestones_are_stamped_when_their_event_first_happens(world: World, story: Story) -> None:
    """Only those reached since the fork are compared; earlier ones lie before the log begins."""
    c = world.state.customers[: count(world.state)]
    causes = {
        "interest": story.kind(E_SESSION, E_OPENED),
        "interaction": story.kind(E_SERVICE_USE, E_INQUIRY),
        "analysis": story.kind(E_PRODUCT_PAGE),
        "need_clear": story.moves(1, 0, 2, 3, 4, 5),
        "purchase": story.kind(E_PURCHASE),
        "referral": story.kind(E_REFER),
    }
    for k, name in enumerate(MILESTONES):
        first = np.full(len(c), NEVER, np.int64)
        np.minimum.at(first, story.rows[causes[name]], story.log["time"][causes[name]])
        stamped = c["milestones"][:, k]
        since = stamped >= world.scenario.warm_up // DAY
        assert np.count_nonzero(since & (stamped != NO_DAY)) > 5, name
        assert np.array_equal(stamped[since], np.where(first == NEVER, NO_DAY, first // DAY)[since]), name


def test_metrics_count_what_the_log_says(world: World, story: Story) -> None:
    """Numerators over everyone, by segment, straight from the log."""
    n = count(world.state)
    c, o, segments = world.state.customers[:n], world.state.outcomes[:n], list(world.scenario.segments)
    expected = {
        "policies_per_10k": story.sum(story.kind(E_PURCHASE)),
        "ape_per_10k": story.sum(story.kind(E_PURCHASE), story.log["amount"]),
        "premium_per_10k": story.sum(story.kind(E_PURCHASE, E_PREMIUM), story.log["amount"]),
        "referrals_per_10k": story.sum(story.kind(E_REFER)),
        "losses_per_10k": story.sum(story.moves(LOST, *range(LOST)) & (story.log["detail"] % 16 < CAUSE_DIED)),
        "complaints_per_10k": story.sum(story.kind(E_COMPLAINT)),
        "regulator_complaints_per_10k": story.sum(story.kind(E_REGULATOR)),
        "opt_out_rate": story.sum(story.kind(E_OPT_OUT)),
        "sessions_per_customer": story.sum(story.kind(E_SESSION)),
        "claims_per_10k": story.sum(story.kind(E_SETTLED), story.log["amount"]),
        "commission_per_10k": o["commission"],
    }
    assert o["commission"].sum() > 0
    rows = {
        (r["metric"], r["segment"]): r
        for r in totals(segments, closing(world), *outcomes_of(world))
        if r["scope"] == "everyone"
    }
    assert {metric for metric, _ in rows} == set(METRICS)
    for metric, by_customer in expected.items():
        for k, segment in enumerate(segments):
            assert rows[metric, segment]["numerator"] == by_customer[c["segment"] == k].sum(), (metric, segment)


def test_cost_of_prospects_and_worth_are_made_of_the_accounts(world: World) -> None:
    """Who has never held a policy has cost what prospects cost, worth a little less at the fork."""
    n = count(world.state)
    c, o = world.state.customers[:n], world.state.outcomes[:n]
    cost = o["contact"] + o["benefit"] + o["acquisition"]
    assert np.all(o["prospecting"] <= cost) and (o["prospecting"] < cost).any()
    never = c["bought"] == 0
    assert np.array_equal(o["prospecting"][never], cost[never]) and cost[never].any()
    least = (END - world.scenario.warm_up) * world.scenario.valuation.force
    assert np.all(-o["worth"][never] <= cost[never])
    # A fen is rounded for each touch that cost something.
    assert np.all(-o["worth"][never] >= cost[never] * np.exp(-least) - o["sent"][never] - o["opened"][never] - 1)
    assert (-o["worth"][never] < cost[never]).any()


def test_tables_of_a_unit_are_sums_over_customers(of: Experiment, world: World, log: dict[str, Any]) -> None:
    """Ledger, sessions, touches and events of ``run`` against the same world kept in memory."""
    result = of.run(Unit(0, ("north", "south")))
    assert result.failures == {}
    n = count(world.state)
    c, o = world.state.customers[:n], world.state.outcomes[:n]
    for place, branch in world.branches.items():
        mine = (c["branch"] == place) & (c["joined"] <= END)
        ledger = {r["account"]: r["amount_fen"] for r in table(result, "ledger") if r["branch"] == branch}
        assert ledger == {name: o[name][mine].sum(dtype=np.int64) for name in LEDGER}
        products = [r for r in table(result, "products") if r["branch"] == branch]
        held = world.state.policies
        held = held[(held["customer"] >= 0) & (held["status"] < SUSPENDED)]
        held = held[mine[held["customer"]]]
        new = held["issued"] >= world.scenario.warm_up
        assert sum(r["policies"] for r in products) == len(held)
        assert sum(r["new_policies"] for r in products) == np.count_nonzero(new) > 0
        assert sum(r["new_ape_fen"] for r in products) == held["premium"][new].sum()
        assert [r["product"] for r in products] == list(world.scenario.products)
    applications = {(r["product"], r["outcome"]): r["count"] for r in table(result, "applications")}
    ended = Counter(log["detail"][log["kind"] == E_UNDERWRITTEN].tolist())
    pool = world.state.policies
    waiting = Counter(pool["product"][(pool["customer"] >= 0) & (pool["status"] == APPLIED)].tolist())
    assert len(ended) > 2 and sum(waiting.values()) > 0, "nothing to compare"
    for (name, outcome), counted in applications.items():
        number = list(world.scenario.products).index(name)
        code = (*APPLICATION_OUTCOMES, "under_way").index(outcome)
        assert counted == (waiting[number] if outcome == "under_way" else ended[number + 256 * code])
    assert {name for name, _ in applications} == {k for k, p in world.scenario.products.items() if p.underwriting}
    assert sum(r["sessions"] for r in table(result, "sessions")) == o["sessions"].sum()
    opened = sum(r["count"] for r in table(result, "touches") if r["outcome"] == "opened")
    assert opened == o["opened"].sum()
    events = Counter((r["time"], int(r["customer"]), r["kind"], r["amount_fen"]) for r in table(result, "events"))
    names = [
        EVENTS[kind] + (f"_{LIFE_EVENTS[detail]}" if EVENTS[kind] == "life_event" else "")
        for kind, detail in zip(log["kind"].tolist(), log["detail"].tolist(), strict=True)
    ]
    assert events == Counter(zip(log["time"].tolist(), log["key"].tolist(), names, log["amount"].tolist(), strict=True))
    last = max(r["day"] for r in table(result, "occupancy"))
    assert last == 200
    at_end = sum(r["customers"] for r in table(result, "occupancy") if r["day"] == last)
    assert at_end == np.count_nonzero(c["joined"] <= END)
