"""Keyed draws: the published generator, its distributions, and who shares luck with whom.

A statistical check fails on a faultless generator once in a million choices of the seed (`ONCE`)
and says how small a fault it would catch. Seeds are fixed and nothing is retried.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from lifesim import streams as lib
from lifesim.streams import Streams, name_key

Floats = npt.NDArray[np.float64]

ONCE = 1e-6
N = 200_000
CUSTOMERS = np.arange(N, dtype=np.uint64)
LUCK = Streams(seed=20260105, replication=0)
U = LUCK.uniforms("first", CUSTOMERS)

LOWEST, HIGHEST = 2.0**-53, 1.0 - 2.0**-53  # ends of the grid of uniforms


# -- the published generator ------------------------------------------------------------------


def reference(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10 in whole numbers of Python, from the paper's definition of a round."""
    left, right = counter[:2], counter[2:]
    for number in range(10):
        high_0, low_0 = divmod(0xD2511F53 * left[0], 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * right[0], 2**32)
        bumped = [
            (key[0] + number * 0x9E3779B9) % 2**32,
            (key[1] + number * 0xBB67AE85) % 2**32,
        ]
        left, right = [high_1 ^ left[1] ^ bumped[0], low_1], [high_0 ^ right[1] ^ bumped[1], low_0]
    return left + right


def ours(counter: list[int], key: list[int]) -> list[int]:
    return [int(word) for word in lib.philox(*(np.uint64(word) for word in counter + key))]


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000",
         "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
         "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
         "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)  # fmt: skip
def test_the_published_known_answers(counter: str, key: str, answer: str) -> None:
    words, secret = ([int(word, 16) for word in text.split()] for text in (counter, key))
    assert " ".join(f"{word:08x}" for word in ours(words, secret)) == answer
    assert " ".join(f"{word:08x}" for word in reference(words, secret)) == answer


WORD = st.integers(0, 2**32 - 1)


@given(st.lists(WORD, min_size=4, max_size=4), st.lists(WORD, min_size=2, max_size=2))
def test_the_generator_agrees_with_whole_numbers(counter: list[int], key: list[int]) -> None:
    assert ours(counter, key) == reference(counter, key)


def test_a_draw_is_the_generator_at_customer_and_subject_under_the_decision() -> None:
    key, customer, subject = int(LUCK.key("first")), 2**63 + 12_345, 2**40 + 7
    counter = [subject % 2**32, subject >> 32, customer % 2**32, customer >> 32]
    words = reference(counter, [key % 2**32, key >> 32])
    joined = words[0] << 32 | words[1]
    u = LUCK.uniforms("first", [np.uint64(customer)], subject)
    assert u[0] == ((joined >> 12) + 0.5) / 2**52
    hashed = LUCK.hashes("first", [np.uint64(customer)], [subject])
    # The first of a pair takes the customer's place, the second the subject's.
    assert int(hashed[0]) == joined
    ask = np.uint64(key), np.uint64(customer), np.uint64(subject)
    second = ((words[2] << 32 | words[3]) >> 12) + 0.5
    assert lib.uniform_pair(*ask) == (u[0], second / 2**52)
    coarse = [(word + 0.5) / 2**32 for word in words[2:]]
    assert lib.look_again(*ask) == (u[0], *coarse)


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**62))
@example(0, 2**32 - 3)
def test_many_draws_at_once_are_the_same_draws(customer: int, first: int) -> None:
    key, n = LUCK.key("first"), lib.LOOK_AHEAD
    room = np.zeros(3 * n)
    lib.look_ahead(key, np.uint64(customer), first, room.ctypes.data)
    single = [lib.look_again(key, np.uint64(customer), np.uint64(first + j)) for j in range(n)]
    expected = [[lib.exponential(fine) for fine, _, _ in single], *([u[k] for u in single] for k in (1, 2))]
    assert np.array_equal(room.reshape(3, n), expected)


@settings(deadline=None)
@given(st.floats(LOWEST, HIGHEST))
@example(LOWEST)
@example(HIGHEST)
@example(0.5)
@example(0.5**0.5)
@example(float(np.nextafter(0.5**0.5, 0)))
def test_an_exponential_is_minus_the_logarithm(u: float) -> None:
    # Near 1 the logarithm is that of the distance to 1, which loses nothing.
    exact = -math.log(u) if u < 0.5 else -math.log1p(u - 1.0)
    assert lib.exponential(u) == pytest.approx(exact, rel=1e-15, abs=0)
    assert lib.exponential(u) > 0


def test_a_name_has_the_same_key_on_every_machine() -> None:
    # Bytes as printed by `printf claim | b2sum -l 64`.
    for name, digest in {"claim": "9f41803e1b33be67", "续保": "54b570e8a6ced825"}.items():
        assert int(name_key(name)) == int.from_bytes(bytes.fromhex(digest), "little")
    keys = {int(Streams(s, r).key(d)) for s in range(-9, 9) for r in range(9) for d in ("a", "b")}
    assert len(keys) == 18 * 9 * 2


# -- distributions ----------------------------------------------------------------------------


def p_shape(values: Floats) -> float:
    """Kolmogorov-Smirnov; at 2e5 values catches a distribution function that is off by 0.012."""
    return float(stats.kstest(values, "uniform").pvalue)


def p_fine(values: Floats) -> float:
    """Chi-square over 1,000 cells, from both sides; catches every other cell short by a seventh."""
    p = stats.chisquare(np.bincount((values * 1_000).astype(int), minlength=1_000)).pvalue
    return float(2 * min(p, 1 - p))


def test_uniforms_are_uniform() -> None:
    assert p_shape(U) > ONCE and p_fine(U) > ONCE
    assert U.min() > 0.0 and U.max() < 1.0


def test_uniforms_of_scattered_keys_are_uniform() -> None:
    u = LUCK.uniforms("first", LUCK.hashes("customer", CUSTOMERS, 0))
    assert p_shape(u) > ONCE and p_fine(u) > ONCE


def test_the_checks_of_uniformity_catch_what_they_declare() -> None:
    assert p_shape(U ** (1 / 1.033)) < ONCE  # off by 0.012 at most
    short = ((U * 1_000).astype(int) % 2 == 1) & (np.arange(N) % 7 == 0)
    assert p_fine(U[~short]) < ONCE
    even = (np.arange(N) + 0.5) / N
    assert p_fine(even) < ONCE  # too even is not random either


def test_normals_exponentials_and_gumbels_have_their_distributions() -> None:
    assert p_shape(special.ndtr(LUCK.normals("first", CUSTOMERS))) > ONCE
    waits = np.array([lib.exponential(u) for u in U[:50_000]])
    assert stats.kstest(waits, "expon").pvalue > ONCE
    noise = np.array([lib.gumbel(u) for u in U[:50_000]])
    assert stats.kstest(noise, "gumbel_r").pvalue > ONCE
    assert stats.kstest(noise, "norm").pvalue < ONCE


def test_the_normal_quantile_agrees_with_scipy() -> None:
    tail = 2.0 ** -np.arange(1, 54)
    u = np.concatenate([U[:5_000], tail, 1.0 - tail, [0.075, 0.925, np.exp(-25.0)]])
    mine = np.array([lib.normal(each) for each in u])
    np.testing.assert_allclose(mine, special.ndtri(u), rtol=5e-15, atol=5e-16)
    assert lib.normal(0.5) == 0.0


@pytest.mark.parametrize("mean", [0.0, 0.003, 0.7, 4.2, 60.0])
def test_poisson_counts_are_the_inverse_of_their_distribution_function(mean: float) -> None:
    u = U[:20_000]
    counts = np.array([lib.poisson(each, mean) for each in u])
    assert np.all(stats.poisson.cdf(counts, mean) >= u * (1 - 1e-12))
    assert np.all((stats.poisson.cdf(counts - 1, mean) <= u * (1 + 1e-12)) | (counts == 0))


# Above this, one draw in 10**12, rounding of the summed distribution function decides.
FAR = 1.0 - 2.0**-40


@given(u=st.floats(LOWEST, FAR), mean=st.floats(0, 300), more=st.floats(1e-6, 50))
@example(u=LOWEST, mean=5.0, more=1.0)
@example(u=FAR, mean=4.9, more=0.2)
def test_a_higher_mean_never_lowers_anyones_poisson_count(u: float, mean: float, more: float) -> None:
    assert lib.poisson(u, mean + more) >= lib.poisson(u, mean)


def test_poisson_counts_of_everyone_rise_with_the_mean() -> None:
    tail = 2.0 ** -np.arange(1, 41)
    for u in [*U[:500], *tail, *(1.0 - tail)]:
        assert np.all(np.diff([lib.poisson(u, mean) for mean in np.arange(0.0, 60.0, 0.37)]) >= 0)


def test_the_highest_uniform_has_a_count_too() -> None:
    for mean in (0.1, 20.0, 300.0):
        assert mean < lib.poisson(HIGHEST, mean) < 1_000


# -- who shares luck with whom ----------------------------------------------------------------


def p_linear(one: Floats, other: Floats) -> float:
    """Correlation; at 2e5 pairs catches one of 0.022."""
    return float(stats.pearsonr(one, other).pvalue)


def p_joint(one: Floats, other: Floats) -> float:
    """Chi-square over 32 x 32 cells; catches one pair in ten tied together without correlation."""
    cells = (one * 32).astype(int) * 32 + (other * 32).astype(int)
    return float(stats.chisquare(np.bincount(cells, minlength=1_024)).pvalue)


def test_the_checks_of_independence_catch_what_they_declare() -> None:
    other = LUCK.uniforms("second", CUSTOMERS)
    assert p_linear(U, other + 0.022 * U) < ONCE
    tied = np.where(np.arange(N) % 10 == 0, np.abs(2 * U - 1), other)
    assert p_linear(U, tied) > ONCE > p_joint(U, tied)


NEIGHBOURS: dict[str, Callable[[], Floats]] = {
    "next customer": lambda: LUCK.uniforms("first", CUSTOMERS + np.uint64(1)),
    "customer in the upper word": lambda: LUCK.uniforms("first", CUSTOMERS << np.uint64(32)),
    "next subject": lambda: LUCK.uniforms("first", CUSTOMERS, 1),
    "subject in the upper word": lambda: LUCK.uniforms("first", CUSTOMERS, 2**32),
    "customer and subject swapped": lambda: LUCK.uniforms("first", np.zeros(N), CUSTOMERS),
    "another decision": lambda: LUCK.uniforms("first ", CUSTOMERS),
    "next replication": lambda: Streams(20260105, 1).uniforms("first", CUSTOMERS),
    "next seed": lambda: Streams(20260106, 0).uniforms("first", CUSTOMERS),
}


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_neighbours_share_no_luck(neighbour: str) -> None:
    other = NEIGHBOURS[neighbour]()
    # Customer 0 at subject 0 is the same question asked either way round.
    one, other = U[1:], other[1:]
    assert p_linear(one, other) > ONCE
    assert p_joint(one, other) > ONCE
    assert not np.any(one == other)


def test_the_two_halves_of_a_draw_share_no_luck() -> None:
    pairs = np.array([lib.uniform_pair(LUCK.key("pair"), each, 0) for each in CUSTOMERS])
    assert p_shape(pairs[:, 1]) > ONCE
    assert p_linear(*pairs.T) > ONCE and p_joint(*pairs.T) > ONCE


def test_nobodys_luck_depends_on_the_order_or_on_others() -> None:
    few, subject = CUSTOMERS[:1_000], np.arange(1_000)
    backwards = LUCK.uniforms("first", few[::-1], subject[::-1])
    assert np.array_equal(backwards[::-1], LUCK.uniforms("first", few, subject))
    assert np.array_equal(LUCK.uniforms("first", few), U[:1_000])
    assert np.array_equal(LUCK.normals("first", few), LUCK.normals("first", CUSTOMERS)[:1_000])
    assert np.array_equal(LUCK.hashes("a", few, 0), LUCK.hashes("a", CUSTOMERS, 0)[:1_000])
    fewer = LUCK.choose("kind", few, [1, 2], ["a", "b"])
    assert np.array_equal(fewer, LUCK.choose("kind", CUSTOMERS, [1, 2], ["a", "b"])[:1_000])


def test_hashes_of_pairs_differ() -> None:
    first, second = np.divmod(CUSTOMERS, np.uint64(400))
    assert len(np.unique(LUCK.hashes("friend", first, second))) == N


# -- choosing and taking ----------------------------------------------------------------------

WEIGHTS = {"ours": 5.0, "theirs": 3.0, "later": 1.9, "never": 0.1}


def chosen(weights: dict[str, float]) -> npt.NDArray[np.str_]:
    names = list(weights)
    return np.array(names)[LUCK.choose("offer", CUSTOMERS, list(weights.values()), names)]


def test_choices_have_their_frequencies() -> None:
    names, seen = np.unique(chosen(WEIGHTS), return_counts=True)
    shares = np.array([WEIGHTS[name] for name in names]) / sum(WEIGHTS.values())
    assert stats.chisquare(seen, shares * N).pvalue > ONCE
    shares[0] += 0.008  # what it would catch: 0.8 percentage points moved between the largest two
    shares[2] -= 0.008
    assert stats.chisquare(seen, shares / shares.sum() * N).pvalue < ONCE


def test_another_alternative_only_draws_customers_to_itself() -> None:
    before, after = chosen(WEIGHTS), chosen({"new": 2.0} | WEIGHTS)
    moved = before != after
    assert moved.any() and not moved.all()
    assert np.all(after[moved] == "new")
    assert np.array_equal(chosen(dict(reversed(WEIGHTS.items()))), before)


def test_a_heavier_alternative_only_gains_and_a_weightless_one_is_never_chosen() -> None:
    before, after = chosen(WEIGHTS), chosen(WEIGHTS | {"later": 4.0})
    assert np.all(after[before != after] == "later")
    assert "never" not in chosen(WEIGHTS | {"never": 0.0})


def test_weights_may_differ_by_customer() -> None:
    names, own = ["a", "b", "c"], np.eye(3)[CUSTOMERS[:999].astype(int) % 3]
    picked = LUCK.choose("offer", CUSTOMERS[:999], own, names)
    assert np.array_equal(picked, CUSTOMERS[:999].astype(int) % 3)


@pytest.mark.parametrize(("k", "taken"), [(0, 0), (-1, 0), (1, 1), (40, 40), (100, 100), (101, 100)])
def test_exactly_k_are_taken(k: int, taken: int) -> None:
    positions = LUCK.take("seats", CUSTOMERS[:100], k)
    assert len(positions) == len(set(positions)) == taken
    assert list(positions) == sorted(positions)
    assert len(LUCK.take("seats", CUSTOMERS[:0], k)) == 0


@pytest.mark.parametrize("k", [1, 40, 99])
def test_another_candidate_displaces_at_most_one(k: int) -> None:
    before = set(CUSTOMERS[LUCK.take("seats", CUSTOMERS[:100], k)])
    displaced = []
    for newcomer in range(100, 300):
        candidates = np.append(np.uint64(newcomer), CUSTOMERS[:100])
        after = set(candidates[LUCK.take("seats", candidates, k)])
        assert len(after) == k and after <= before | {newcomer}
        displaced.append(len(before - after))
    assert set(displaced) == {0, 1}


def test_everyone_has_the_same_chance_of_being_taken() -> None:
    # 4,000 draws of 25 of 50: catches a chance that is off by 10 percentage points for one of them.
    times = np.zeros(50)
    for draw in range(4_000):
        times[LUCK.take("seats", CUSTOMERS[:50], 25, draw)] += 1
    variance = 4_000 * 0.25 * 50 / 49
    assert stats.chi2.sf(((times - 2_000) ** 2).sum() / variance, 49) > ONCE


# -- without compilation ----------------------------------------------------------------------

ANSWERS = """
import json
import numpy as np
from lifesim import streams as lib
luck = lib.Streams(7, 3)
customers = luck.hashes("customer", np.arange(150), 5)
u = luck.uniforms("u", customers, np.arange(150))
out = {"keys": [int(key) for key in customers]}
out["u"] = [each.hex() for each in u]
out["normals"] = [each.hex() for each in luck.normals("z", customers)]
for name in ("exponential", "gumbel", "normal"):
    out[name] = [float(getattr(lib, name)(each)).hex() for each in u]
out["counts"] = [int(lib.poisson(each, 6.5)) for each in u]
for name in ("uniform_pair", "look_again"):
    draws = [getattr(lib, name)(luck.key(name), key, 0) for key in customers]
    out[name] = [float(each).hex() for draw in draws for each in draw]
out["choices"] = luck.choose("c", customers, [1, 2, 3], ["a", "b", "c"]).tolist()
out["taken"] = luck.take("t", customers, 70).tolist()
print(json.dumps(out))
"""

AUDIT = """
import numpy as np
from lifesim.streams import Streams, uniform, uniform_pair
luck = Streams(7, 3)
luck.uniforms("u", [1, 2, 3])
luck.uniforms("u", [1, 2, 3], 1)
luck.uniforms("v", [1, 2, 3])
Streams(7, 4).uniforms("u", [1, 2, 3])
uniform_pair(luck.key("w"), np.uint64(1), 0)
print("different questions pass")
"""


def interpreted(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"} | variables
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_interpreted_and_compiled_answers_are_the_same_bits() -> None:
    done = interpreted(ANSWERS)
    assert done.returncode == 0, done.stderr
    said: list[str] = []
    exec(ANSWERS, {"print": said.append})
    here: dict[str, Any] = json.loads(said[0])
    assert json.loads(done.stdout) == here
    assert len(set(here["u"])) == 150


@pytest.mark.parametrize(
    "again",
    [
        'luck.uniforms("u", [9, 2])',
        'Streams(7, 3).normals("u", [3], 1)',
        'luck.hashes("v", [1], 0)',
        'uniform(luck.key("w"), np.uint64(1), 0)',
    ],
)
def test_the_audit_refuses_a_question_asked_before(again: str) -> None:
    done = interpreted(AUDIT + again, LIFESIM_AUDIT="1")
    assert "different questions pass" in done.stdout, done.stderr
    assert done.returncode != 0
    assert "AssertionError: the same luck was asked for twice" in done.stderr
