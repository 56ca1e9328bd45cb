"""The matrix form of constructions.chunked in a 16-bit format, enclosed operation by operation (bounds.enclosure), for
keys and queries that are codes and one coefficient for all steps.

In both orders of the chunks the state, the outputs and what a loop takes are numbers of the format.  Products of
coefficients are formed by the same doubling as in `constructions.chunked.running_products`; what a whole chunk leaves
of the state is their product in float32, rounded once.

One after another, as a CPU does it: the state takes what the chunk before has written, then it is read.

Side by side, as accelerators do it: with (A, W) for what chunks keep and gain, the state after k of them is the k-th
prefix of (A, W) then (A', W') = (A A', A' W + W'), the first W being joined by what the round begins with.  The scan
joins neighbours, then pairs of these, and so on; and a prefix is the longest such block that it begins with, then the
next longest, as the binary digits of k say.  So the blocks that are not joined yet, at most one of each length, are all
that is kept.  No prefix depends on chunks behind it: what pads the run is not followed.

Where an accelerator may spare a rounding (verify.sweep.layers), both outcomes are enclosed.  What chunks gain is one
product for all of them, read by several operations, so that it is stored, and rounded; of a round of one chunk the sum
alone may take it.
"""

from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from bounds.enclosure import Interval, concatenated, contractible, held, hull
from bounds.formats import FloatFormat, format_of
from bounds.rounding import growth
from constructions.chunked import chunks_together
from verify.sweep.layers import coded, onto, product


@dataclass(frozen=True, eq=False)
class Signals:
    """What drives Eq. 6: the coefficient of each step (None: nothing is forgotten), codes, the positions whose codes
    are the keys and the queries (outside: the zero code), and the values v_i = Delta x_i.
    """

    a: Interval | None
    codes: Float[np.ndarray, "n s"]
    position: Int[np.ndarray, " T"]
    target: Int[np.ndarray, " T"]
    V: Interval


@dataclass(frozen=True, eq=False)
class Decay:
    """What is left inside a chunk of Q steps: of step j at step i, (Q, Q), 0 for j > i; of an earlier state at step i,
    (Q,); and of it after the chunk.
    """

    inside: Interval
    ahead: Interval
    whole: Interval


@runtime_checkable
class _States(Protocol):
    """The state between chunks, (channels, d_h), in one of the two orders."""

    def before(self) -> Interval:
        """The state that the next chunk begins with."""
        ...

    def passed(self, keys: Interval, V: Interval) -> None:
        """A whole chunk is over, with these values and what is left then of their keys."""
        ...

    def joined(self, weights: Interval, V: Interval, ahead: Interval, X: Interval) -> Interval:
        """weights @ V, from a chunk's own values, and ahead @ X, from the state that it begins with."""
        ...


def one_after_another(signals: Signals, steps: Int[np.ndarray, " R"], Q: int, format: FloatFormat) -> Interval:
    """The outputs (R, channels) of `constructions.chunked.one_after_another` at these steps, on a CPU."""
    decay = None if signals.a is None else decays(signals.a, Q, format)
    return _followed(signals, steps, Q, decay, _InTurn(_nothing(signals), decay, format), format)


def side_by_side(signals: Signals, steps: Int[np.ndarray, " R"], length: int, Q: int, format: FloatFormat) -> Interval:
    """The outputs (R, channels) of `constructions.chunked.side_by_side` at these steps, for signals that are padded to
    that length.
    """
    decay = None if signals.a is None else decays(signals.a, Q, format)
    states = _SideBySide(_nothing(signals), decay, chunks_together(length, Q), format)
    return _followed(signals, steps, Q, decay, states, format)


def _followed(
    signals: Signals,
    steps: Int[np.ndarray, " R"],
    Q: int,
    decay: Decay | None,
    states: _States,
    format: FloatFormat,
) -> Interval:
    """What is read at each step from its chunk and from the state that the chunk begins with."""
    shape = (len(steps), signals.V.lo.shape[1])
    found = Interval(np.empty(shape), np.empty(shape))
    for start in range(0, int(steps.max()) + 1, Q):
        part = slice(start, min(start + Q, len(signals.position)))
        rows = np.flatnonzero((steps >= start) & (steps < start + Q))
        B, V = coded(signals.codes, signals.position[part]), signals.V[part]
        if len(rows):
            C = coded(signals.codes, signals.target[steps[rows]])
            weights, ahead = _factors(C, B, steps[rows] - start, decay, format)
            y = states.joined(weights, V, ahead, states.before().T)
            found.lo[rows], found.hi[rows] = y.lo, y.hi
        if start + Q <= steps.max():  # nothing is read after the last chunk
            keys = Interval.point(B)
            states.passed(keys if decay is None else held(keys * decay.inside[-1][:, None], format), V)
    return found


class _InTurn:
    """One state, which every chunk finds and leaves; each operation is rounded."""

    def __init__(self, X: Interval, decay: Decay | None, format: FloatFormat) -> None:
        self._X, self._decay, self._format = X, decay, format

    def before(self) -> Interval:
        return self._X

    def passed(self, keys: Interval, V: Interval) -> None:
        left = self._X if self._decay is None else held(self._decay.whole * self._X, self._format)
        self._X = held(left + product(V.T, keys, self._format), self._format)

    def joined(self, weights: Interval, V: Interval, ahead: Interval, X: Interval) -> Interval:
        return held(product(weights, V, self._format) + product(ahead, X, self._format), self._format)


class _Block(NamedTuple):
    """2^k chunks that are joined: their number, what they keep of an earlier state, what they gain."""

    count: int
    kept: Interval | None
    gained: Interval


class _SideBySide:
    """Rounds of `together` chunks: the state that a round begins with, and blocks of its chunks that are over."""

    def __init__(self, X: Interval, decay: Decay | None, together: int, format: FloatFormat) -> None:
        self._X, self._together, self._format = X, together, format
        self._kept = None if decay is None else decay.whole
        self._blocks: list[_Block] = []

    def before(self) -> Interval:
        return reduce(self._then, self._blocks).gained if self._blocks else self._X

    def passed(self, keys: Interval, V: Interval) -> None:
        gained = product(V.T, keys, self._format) if self._blocks else self._first(keys, V)
        last = _Block(1, self._kept, gained)
        while self._blocks and self._blocks[-1].count == last.count:
            last = self._then(self._blocks.pop(), last)
        self._blocks.append(last)
        if sum(block.count for block in self._blocks) == self._together:
            self._X, self._blocks = self.before(), []

    def joined(self, weights: Interval, V: Interval, ahead: Interval, X: Interval) -> Interval:
        """Both rounded before they are added, either not, or neither."""
        inside, earlier = product(weights, V, self._format), product(ahead, X, self._format)
        neither = product(concatenated([weights, ahead], 1), concatenated([V, X]), self._format)
        one = onto(earlier, weights, V, self._format), onto(inside, ahead, X, self._format)
        return reduce(hull, one, hull(held(inside + earlier, self._format), neither))

    def _first(self, keys: Interval, V: Interval) -> Interval:
        """The state after the first chunk of a round."""
        X = self._X if self._kept is None else contractible(self._kept * self._X, self._format)
        stored = held(X + product(V.T, keys, self._format), self._format)
        return hull(stored, onto(X, V.T, keys, self._format)) if self._together == 1 else stored

    def _then(self, first: _Block, later: _Block) -> _Block:
        count, format = first.count + later.count, self._format
        if first.kept is None or later.kept is None:
            return _Block(count, None, held(first.gained + later.gained, format))
        left = contractible(later.kept * first.gained, format)
        return _Block(count, held(first.kept * later.kept, format), held(left + later.gained, format))


def decays(a: Interval, Q: int, format: FloatFormat) -> Decay:
    """The same coefficient at each step."""
    below = np.tril(np.ones((Q, Q), bool), -1)
    lo = np.where(below, a.lo, 1.0)
    masked = Interval(lo, lo if a.known else np.where(below, a.hi, 1.0))
    inside, causal = _running_products(masked, format), np.tril(np.ones((Q, Q)))
    every = Interval(np.full(Q, a.lo[0]), np.full(Q, a.hi[0]))
    room = growth(Q, format_of("float32"))
    whole = Interval(a.lo**Q * (1 - room), a.hi**Q * (1 + room))
    exact = a.lo[0] == a.hi[0] and a.lo[0] in (0.0, 1.0)
    return Decay(
        inside * Interval.point(causal),
        _running_products(every, format),
        a if exact else held(whole, format),
    )


def _running_products(a: Interval, format: FloatFormat) -> Interval:
    """The doubling of `constructions.chunked.running_products`."""
    for s in (2**k for k in range((len(a.lo) - 1).bit_length())):
        ones = np.ones_like(a.lo[:s])
        lo = np.concatenate([ones, a.lo[:-s]])
        a = held(a * Interval(lo, lo if a.known else np.concatenate([ones, a.hi[:-s]])), format)
    return a


def _factors(
    C: Float[np.ndarray, "r s"],
    B: Float[np.ndarray, "q s"],
    local: Int[np.ndarray, " r"],
    decay: Decay | None,
    format: FloatFormat,
) -> tuple[Interval, Interval]:
    """What an output takes of each value of its chunk, (r, q), and of the state that the chunk begins with, (r, s)."""
    scores = product(Interval.point(C), Interval.point(B.T), format)
    if decay is None:
        causal = (np.arange(len(B))[None, :] <= local[:, None]).astype(np.float64)
        return scores * Interval.point(causal), Interval.point(C)
    weights = held(scores * decay.inside[local][:, : len(B)], format)
    return weights, held(Interval.point(C) * decay.ahead[local][:, None], format)


def _nothing(signals: Signals) -> Interval:
    return Interval.point(np.zeros((signals.V.lo.shape[1], signals.codes.shape[1])))
