"""Keyed random numbers: a draw is a pure function of what it is about.

There is no generator to advance. A draw is Philox4x32-10 applied to a counter made of the customer's key
and the subject of the decision, under a key made of the experiment seed, the replication and the name
of the decision. Asking in another order, or asking for more, changes no other answer.

Source of the generator and of the known-answer vectors in the tests: J. Salmon, M. Moraes, R. Dror,
D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Source of the normal quantile:
M. Wichura, "Algorithm AS 241", Applied Statistics 37 (1988). Non-uniform draws take one uniform through
the inverse of their distribution function, so that a changed parameter moves every customer the same way.
"""

from __future__ import annotations

import hashlib
import math
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from lifesim.compiled import bits, compiled_entry, compiled_inline, compiled_open, from_bits, scalars

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_TWELVE = np.uint64(12)
#: Rounds done before each pair.
_ROUNDS = tuple(np.uint64(done) for done in (0, 2, 4, 6, 8))
_TO_UNIT = 2.0**-52
_TO_UNIT_32 = 2.0**-32
#: Bits of sqrt(1/2); what takes them to the bits of 1; the bits after the exponent.
_ROOT = 0x3FE6A09E667F3BCD
_TO_ROOT = 0x3FF0000000000000 - _ROOT
_FRACTION = 0x000FFFFFFFFFFFFF
#: ln 2 in two parts, the first short enough that a small integer times it is exact.
_LN_2_HIGH, _LN_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10

#: Coefficients of ``exponential``, of z to z**7.
_LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip

#: How many subjects ``look_ahead`` answers for.
LOOK_AHEAD = 8
_, _put = scalars(np.float64)


@compiled_inline
def _two_rounds(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any, done: Any) -> tuple[Any, Any, Any, Any]:
    """Two rounds of Philox, of which ``done`` came before."""
    product_0, product_1 = _MULTIPLIER_0 * c0, _MULTIPLIER_1 * c2
    key_0, key_1 = (k0 + done * _WEYL_0) & _MASK, (k1 + done * _WEYL_1) & _MASK
    b0, b2 = (product_1 >> _HALF) ^ c1 ^ key_0, (product_0 >> _HALF) ^ c3 ^ key_1
    b1, b3 = product_1 & _MASK, product_0 & _MASK
    product_0, product_1 = _MULTIPLIER_0 * b0, _MULTIPLIER_1 * b2
    key_0, key_1 = (key_0 + _WEYL_0) & _MASK, (key_1 + _WEYL_1) & _MASK
    return (product_1 >> _HALF) ^ b1 ^ key_0, product_1 & _MASK, (product_0 >> _HALF) ^ b3 ^ key_1, product_0 & _MASK


@compiled_inline
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, Any, Any, Any]:
    """Philox4x32-10: four 32-bit words (as uint64) from a 128-bit counter and a 64-bit key.

    The rounds are written out: a loop here would keep a loop over subjects from being vectorised.
    """
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1, _ROUNDS[0])
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1, _ROUNDS[1])
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1, _ROUNDS[2])
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1, _ROUNDS[3])
    return _two_rounds(c0, c1, c2, c3, k0, k1, _ROUNDS[4])


@compiled_open
def words_again(key: Any, customer: Any, subject: Any) -> tuple[Any, Any, Any, Any]:
    """The four 32-bit words of one decision about one customer and one subject, which may be looked at again."""
    return philox(subject & _MASK, subject >> _HALF, customer & _MASK, customer >> _HALF, key & _MASK, key >> _HALF)


@compiled_open
def words(key: Any, customer: Any, subject: Any) -> tuple[Any, Any, Any, Any]:
    """The same for a decision that is taken once; audit mode refuses to take it again."""
    return words_again(key, customer, subject)


@compiled_inline
def _unit(high: Any, low: Any) -> float:
    """A number strictly between 0 and 1 from two 32-bit words, on a grid of 2**-52."""
    return (float(((high << _HALF) | low) >> _TWELVE) + 0.5) * _TO_UNIT


@compiled_inline
def _unit_32(word: Any) -> float:
    """A number strictly between 0 and 1 from one 32-bit word."""
    return (float(word) + 0.5) * _TO_UNIT_32


@compiled_open
def uniform(key: Any, customer: Any, subject: Any) -> float:
    """Uniform on (0, 1)."""
    w0, w1, _, _ = words(key, customer, np.uint64(subject))
    return _unit(w0, w1)


@compiled_open
def uniform_pair(key: Any, customer: Any, subject: Any) -> tuple[float, float]:
    """Two independent uniforms on (0, 1) from one evaluation."""
    w0, w1, w2, w3 = words(key, customer, np.uint64(subject))
    return _unit(w0, w1), _unit(w2, w3)


@compiled_open
def look_again(key: Any, customer: Any, subject: Any) -> tuple[float, float, float]:
    """One fine and two 32-bit uniforms on (0, 1) about something that may be looked at more than once.

    The answer is the same each time; audit mode does not take it for one luck used for two decisions.
    """
    w0, w1, w2, w3 = words_again(key, customer, np.uint64(subject))
    return _unit(w0, w1), _unit_32(w2), _unit_32(w3)


@compiled_open
def look_ahead(key: Any, customer: Any, first: int, into: int) -> None:
    """``look_again`` about ``LOOK_AHEAD`` subjects in a row at once, several times as fast.

    Parameters
    ----------
    into
        Address of room for 3 x ``LOOK_AHEAD`` numbers: all the fine uniforms, then the others.
    """
    high, low = customer >> _HALF, customer & _MASK
    key_high, key_low = key >> _HALF, key & _MASK
    for j in range(LOOK_AHEAD):
        subject = np.uint64(first + j)
        w0, w1, w2, w3 = philox(subject & _MASK, subject >> _HALF, low, high, key_low, key_high)
        _put(into, j, exponential(_unit(w0, w1)))
        _put(into, LOOK_AHEAD + j, _unit_32(w2))
        _put(into, 2 * LOOK_AHEAD + j, _unit_32(w3))


@compiled_open
def hash_pair(key: Any, first: Any, second: Any) -> Any:
    """A 64-bit key made of two: luck keys of touches, keys of referred customers."""
    w0, w1, _, _ = words(key, np.uint64(first), np.uint64(second))
    return (w0 << _HALF) | w1


@compiled_inline
def exponential(u: float) -> float:
    """Unit exponential from a uniform on (0, 1): minus its logarithm, relative error below 1e-15.

    With u = 2**e x f, f between sqrt(1/2) and sqrt(2), and s = (f - 1) / (f + 1), ln f = 2 artanh s is a polynomial in
    s; unlike a library's logarithm it has the same bits everywhere, and a loop over it can be vectorised. Coefficients:
    FreeBSD msun, ``e_log.c`` (K. C. Ng, 1993), relative error below 2**-58. Even and odd powers are added up apart,
    so that neither waits for the other.
    """
    # Adding the distance from sqrt(1/2) to 1 makes the exponent field round at sqrt(1/2) and not at 1.
    word = bits(u) + _TO_ROOT
    exponent = (word >> 52) - 1023
    f = from_bits((word & _FRACTION) + _ROOT)
    s = (f - 1.0) / (f + 1.0)
    z = s * s
    q = z * z
    odd = z * (_LOG[0] + q * (_LOG[2] + q * (_LOG[4] + q * _LOG[6])))
    even = q * (_LOG[1] + q * (_LOG[3] + q * _LOG[5]))
    logarithm: float = exponent * _LN_2_HIGH + (2.0 * s + (s * (odd + even) + exponent * _LN_2_LOW))
    return -logarithm


@compiled_open
def gumbel(u: float) -> float:
    """Standard Gumbel from a uniform: noise of one (chooser, alternative) in a keyed choice."""
    return -math.log(exponential(u))


@compiled_open
def normal(u: float) -> float:
    """Standard normal quantile, relative error about 1e-16 (AS 241, PPND16)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * (
            (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
                + 133.14166789178437745) * r + 3.387132872796366608)
            / (((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
                + 42.313330701600911252) * r + 1.0)
        )  # fmt: skip
    r = math.sqrt(-math.log(u if q < 0 else 1.0 - u))
    if r <= 5.0:
        r -= 1.6
        value = (
            (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r
                + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504) * r
                + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734)
            / (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r
                + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455) * r
                + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0)
        )  # fmt: skip
    else:
        r -= 5.0
        value = (
            (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
                + 0.0012426609473880784386) * r + 0.026532189526576123093) * r + 0.29656057182850489123) * r
                + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772)
            / (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
                + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r
                + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0)
        )  # fmt: skip
    return -value if q < 0 else value


@compiled_open
def poisson(u: float, mean: float) -> int:
    """Poisson count by walking its distribution function up to ``u``; mean below about 700."""
    # The sum of the terms saturates a few ulps below 1; a count beyond that would be an artefact.
    u = min(u, 1.0 - 2.0**-40)
    k = 0
    term = math.exp(-mean)
    total = term
    while u > total and term > 0.0:
        k += 1
        term *= mean / k
        total += term
    return k


@compiled_entry
def _fill_uniforms(key: Any, customers: Keys, subjects: Keys, out: Floats) -> None:
    for i in range(len(out)):
        out[i] = uniform(key, customers[i], subjects[i])


@compiled_entry
def _fill_again(key: Any, customers: Keys, subjects: Keys, out: Floats) -> None:
    for i in range(len(out)):
        out[i], _, _ = look_again(key, customers[i], subjects[i])


@compiled_entry
def _fill_hashes(key: Any, firsts: Keys, seconds: Keys, out: Keys) -> None:
    for i in range(len(out)):
        out[i] = hash_pair(key, firsts[i], seconds[i])


@compiled_entry
def _fill_normals(values: Floats) -> None:
    for i in range(len(values)):
        values[i] = normal(values[i])


_asked: set[tuple[int, int, int]] | None = set() if os.environ.get("LIFESIM_AUDIT") == "1" else None

if _asked is not None:
    # Audit mode runs without compilation (NUMBA_DISABLE_JIT=1), so that every request passes here.
    _words_unaudited = words

    def words(key: Any, customer: Any, subject: Any) -> tuple[Any, Any, Any, Any]:
        """As above, refusing a key that was asked for before."""
        request = (int(key), int(customer), int(subject))
        assert _asked is not None
        if request in _asked:
            raise AssertionError(f"the same luck was asked for twice: decision {key}, "
                                 f"customer {customer}, subject {subject}")  # fmt: skip
        _asked.add(request)
        return _words_unaudited(key, customer, subject)


def name_key(name: str) -> np.uint64:
    """A 64-bit key for a name: independent of everything else, the same on every machine."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))


class Streams:
    """The luck of one replication of one experiment.

    Parameters
    ----------
    seed
        Experiment seed, any integer.
    replication
        Number of the replication, from 0.
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._keys: dict[str, np.uint64] = {}

    def key(self, decision: str) -> np.uint64:
        """Key of a named decision; what compiled code passes to ``uniform`` and its relatives."""
        if decision not in self._keys:
            self._keys[decision] = name_key(f"{self.seed}\x1f{self.replication}\x1f{decision}")
        return self._keys[decision]

    def uniforms(
        self, decision: str, customers: npt.ArrayLike, subject: npt.ArrayLike = 0, again: bool = False
    ) -> Floats:
        """Uniforms on (0, 1), one per customer key; ``subject`` is broadcast. Shape (n,).

        ``again`` says that the same decision may be looked at more than once; the answer is the same each time.
        """
        keys, subjects = _pairs(customers, subject)
        out = np.empty(len(keys))
        fill = _fill_again if again else _fill_uniforms
        fill(self.key(decision), keys, subjects, out)
        return out

    def normals(
        self, decision: str, customers: npt.ArrayLike, subject: npt.ArrayLike = 0, again: bool = False
    ) -> Floats:
        """Standard normals by the inverse of their distribution function. Shape (n,)."""
        return normal_quantiles(self.uniforms(decision, customers, subject, again))

    def choose(
        self, decision: str, customers: npt.ArrayLike, weights: npt.ArrayLike, names: list[str],
        subject: npt.ArrayLike = 0,
    ) -> npt.NDArray[np.intp]:  # fmt: skip
        """Index of the chosen alternative per customer, with chances proportional to ``weights``.

        Noise is keyed by (chooser, name of the alternative): adding an alternative moves customers to it
        and nobody between the others.

        Parameters
        ----------
        weights
            Shape (alternatives,) or (n, alternatives), not negative, not all zero in a row.
        names
            One per alternative, distinct.
        """
        with np.errstate(divide="ignore"):
            utility = np.log(np.atleast_2d(np.asarray(weights, dtype=float)))
        noise = [-np.log(-np.log(self.uniforms(f"{decision}={name}", customers, subject))) for name in names]
        return np.asarray(np.argmax(utility + np.stack(noise, axis=1), axis=1))

    def take(self, decision: str, customers: npt.ArrayLike, k: int, subject: npt.ArrayLike = 0) -> npt.NDArray[np.intp]:
        """Positions of ``k`` of the customers, each with the same chance, in ascending order.

        Every candidate has a keyed priority: another candidate displaces at most one of those taken.
        """
        keys, subjects = _pairs(customers, subject)
        priority = self.uniforms(decision, keys, subjects)
        return np.sort(np.lexsort((keys, priority))[: max(0, k)])

    def hashes(self, decision: str, firsts: npt.ArrayLike, seconds: npt.ArrayLike) -> Keys:
        """64-bit keys made of pairs. Shape (n,)."""
        keys, subjects = _pairs(firsts, seconds)
        out = np.empty(len(keys), np.uint64)
        _fill_hashes(self.key(decision), keys, subjects, out)
        return out


def normal_quantiles(u: Floats) -> Floats:
    """Standard normal quantiles of uniforms. Shape (n,)."""
    values = np.array(u, dtype=np.float64)
    _fill_normals(values)
    return values


def _pairs(customers: npt.ArrayLike, subject: npt.ArrayLike) -> tuple[Keys, Keys]:
    keys = np.array(customers, np.uint64, copy=None, order="C", ndmin=1)
    subjects = np.empty(keys.shape, np.uint64)
    # Through an array, where whole numbers below zero wrap.
    subjects[...] = np.asarray(subject).astype(np.uint64, copy=False)
    return keys, subjects
