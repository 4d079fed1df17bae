"""What a run was made of: its arms and their plug-ins, the world they share, products and branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifesim.report.catalogue import TEXTS, Catalogue, printable
from lifesim.report.readings import large_money
from lifesim.scenario.journeys.words import CHANNEL_WORDS

if TYPE_CHECKING:
    import pandas as pd


SUPPRESSED = "suppressed_"
"""How outcomes of touches begin that a rule held back."""


@dataclass(frozen=True)
class PlugIn:
    """A plug-in as text; a parameter is its name, its value and whether it differs from the default."""

    kind: str
    name: str
    says: str
    oracle: bool
    parameters: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class ArmCard:
    """One arm: where it starts, what is different in its world, its plug-ins, what it sent and what was held back."""

    name: str
    is_control: bool
    starts: str
    rounds: str
    staffing: str
    traffic: str
    reassign: str
    policy: str
    cleaning: str
    nurture: str
    plugins: tuple[PlugIn, ...]
    contents: str
    held_back: str


def arm_cards(manifest: Mapping[str, Any], touches: pd.DataFrame | None, t: Catalogue) -> list[ArmCard]:
    """Every arm of a run; none for a run whose manifest does not describe them.

    Parameters
    ----------
    touches
        The table of the run; None where nothing was sent.
    """
    control, failed = manifest["scenario"]["control"], manifest.get("failures")
    cards = []
    for name, arm in (manifest.get("arms") or {}).items():
        use = arm.get("use")
        sent = _contents(name, touches, t)
        cards.append(
            ArmCard(
                name=printable(name),
                is_control=name == control,
                starts=t("arms.use", use=printable(use)) if use else t("arms.silence"),
                rounds=_rounds(arm.get("rounds", ()), t),
                staffing=_staffing(arm.get("staffing", ()), t),
                traffic=_traffic(arm.get("traffic") or {}, t),
                reassign=_reassignment(arm.get("reassign"), t),
                policy=_own_policy(arm.get("rules"), t),
                cleaning=_cleaning(arm.get("cleaning"), t),
                nurture=_nurture(arm.get("nurture"), t),
                plugins=tuple(plug_in(each, t) for each in arm["plugins"]),
                contents=sent or ("" if failed else t("arms.no_contents")),
                held_back=_held_back(name, touches, t),
            )
        )
    return cards


def _staffing(factors: Sequence[float], t: Catalogue) -> str:
    """A staffing plan in words; nothing for a desk that the season alone moves."""
    return t("arms.staffing", factors=t("list_separator").join(f"{each:g}" for each in factors)) if factors else ""


def _rounds(times: Sequence[str], t: Catalogue) -> str:
    """When leads are given out, in words; nothing where that is whenever somebody is free."""
    return t("arms.rounds", times=t("list_separator").join(times)) if times else ""


def _traffic(factors: Mapping[str, float], t: Catalogue) -> str:
    """What an arm changes in acquisition, in words; nothing where it changes nothing."""
    each = t("list_separator").join(f"{printable(source)} × {factor:g}" for source, factor in factors.items())
    return t("arms.traffic", factors=each) if factors else ""


def _reassignment(given: Mapping[str, str] | None, t: Catalogue) -> str:
    """Who takes over orphans, in words; nothing where nobody does."""
    return "" if given is None else t("arms.reassign", to=printable(given["to"]), after=given["after"])


def _own_policy(rules: Sequence[str] | None, t: Catalogue) -> str:
    """The rules of an arm's own contact policy, in words; nothing where it has none of its own."""
    if rules is None:
        return ""
    names = t("list_separator").join(printable(rule) for rule in rules)
    return t("rules.own", rules=names) if rules else t("rules.none")


def _cleaning(given: Mapping[str, Any] | None, t: Catalogue) -> str:
    """Which leads are dialled by whom, in words; nothing where none are."""
    if given is None:
        return ""
    seats = t("list_separator").join(map(printable, given["seats"]))
    said = "arms.cleaning_all" if given["bar"] == "all" else "arms.cleaning"
    return t(said, bar=given["bar"], seats=seats, dials=given["dials"], apart=given["apart"])


def _nurture(given: Mapping[str, Any] | None, t: Catalogue) -> str:
    """Which leads get what, in words; nothing where none do."""
    if given is None:
        return ""
    content, channel = printable(given["content"]), _channel(given["channel"], t)
    return t("arms.nurture", bar=given["bar"], content=content, channel=channel, every=given["every"])


def plug_in(given: Mapping[str, Any], t: Catalogue) -> PlugIn:
    """One plug-in of the manifest as text."""
    parameters = given["parameters"].items()
    return PlugIn(
        kind=_known("kind", given["kind"], t),
        name=printable(given["name"]),
        says=printable((t.lang == "zh" and given.get("says_zh")) or given["says"]),
        oracle=bool(given.get("oracle")),
        parameters=tuple((printable(name), printable(each["value"]), bool(each["set"])) for name, each in parameters),
    )


def _contents(arm: str, touches: pd.DataFrame | None, t: Catalogue) -> str:
    """Contents that an arm sent, with their channel and how often in a replication."""
    if touches is None:
        return ""
    sent = touches[(touches["arm"] == arm) & touches["outcome"].isin(["delivered", "failed"])]
    replications = sent["replication"].nunique()
    counts = sent.groupby(["content", "channel"], sort=True, observed=True)["count"].sum().reset_index()
    columns = (counts["content"], counts["channel"], counts["count"].astype(int).tolist())
    texts = [
        t("arms.content", content=printable(content), channel=_channel(str(channel), t),
          count=f"{count / replications:,.0f}")
        for content, channel, count in zip(*columns, strict=True)
        if count
    ]  # fmt: skip
    return t("arms.contents", contents=t("list_separator").join(texts)) if texts else ""


def _held_back(arm: str, touches: pd.DataFrame | None, t: Catalogue) -> str:
    """Touches that rules held back in a replication, by reason, the most first."""
    if touches is None:
        return ""
    mine = touches[touches["arm"] == arm]
    kept = mine[mine["outcome"].astype(str).str.startswith(SUPPRESSED)]
    counts = kept.groupby(kept["outcome"].astype(str))["count"].sum() / max(1, mine["replication"].nunique())
    texts = [
        t("rules.by", reason=_known("rules.reason", str(reason).removeprefix(SUPPRESSED), t), count=f"{count:,.0f}")
        for reason, count in counts.sort_values(ascending=False, kind="stable").items()
    ]
    return t("rules.held", reasons=t("list_separator").join(texts)) if texts else ""


def hashes(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Plug-ins that arms and mechanisms use, each with its arms, and the hash of its file."""
    users: dict[tuple[str, str], list[str]] = {}
    for arm, described in (manifest.get("arms") or {}).items():
        for each in described["plugins"]:
            if each.get("hash"):
                users.setdefault((f"{each['kind']}/{each['name']}", each["hash"]), []).append(arm)
    for each in manifest.get("mechanisms") or []:
        if each.get("hash"):
            users[f"mechanisms/{each['name']}", each["hash"]] = []
    return [
        (printable(f"{name} ({', '.join(arms)})" if arms else name), printable(value))
        for (name, value), arms in users.items()
    ]


def shared(manifest: Mapping[str, Any], t: Catalogue) -> list[tuple[str, str]]:
    """Term and text of what is the same in every arm: segments with their shares, and products."""
    found = []
    segments, products = manifest.get("segments") or {}, manifest.get("products") or {}
    if segments:
        shares = [f"{printable(name)} {share:.1%}".replace(".0%", "%") for name, share in segments.items()]
        found.append((t("arms.segments"), t("list_separator").join(shares)))
    if products:
        texts = [
            t("arms.product", product=printable(name), family=_known("family", each["family"], t),
              term=_known("term", each["term"], t))
            for name, each in products.items()
        ]  # fmt: skip
        found.append((t("arms.products"), t("list_separator").join(texts)))
    return found


@dataclass(frozen=True)
class ProductRow:
    """New policies of one product in one arm, as text."""

    product: str
    arm: str
    policies: str
    premium: str


def product_rows(products: pd.DataFrame, t: Catalogue) -> tuple[str, list[ProductRow]]:
    """Unit of money, and new policies in force at the end by product and arm: means over replications.

    Parameters
    ----------
    products
        The table of the run; see ``docs/architecture.md``.
    """
    keys = ["product", "arm", "replication"]
    sums = products.groupby(keys, sort=False, observed=True)[["new_policies", "new_ape_fen"]].sum()
    means = sums.groupby(level=["product", "arm"], sort=False).mean()
    yuan = means["new_ape_fen"] / 100
    scale, unit = large_money(float(yuan.max()), "CNY" if t.lang == "en" else "元", t.lang)
    rows = [
        ProductRow(printable(product), printable(arm), f"{means['new_policies'][product, arm]:,.1f}",
                   f"{yuan[product, arm] * scale:,.{0 if scale == 1 else 2}f}")
        for product in dict.fromkeys(products["product"])
        for arm in dict.fromkeys(products["arm"])
    ]  # fmt: skip
    return unit, rows


def _channel(name: str, t: Catalogue) -> str:
    way = CHANNEL_WORDS.get(name)
    return _known("channel", name, t) if way is None else way.meaning[t.lang == "zh"]


def _known(family: str, name: str, t: Catalogue) -> str:
    key = f"{family}.{name}"
    return t(key) if key in TEXTS else printable(name)
