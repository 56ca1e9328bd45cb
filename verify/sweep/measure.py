"""One run of a sweep: the module at its N, executed on worst-case and on random values, beside its closed forms.

The steps judged are at most JUDGED of those that lie L - 1 steps behind the value they ask for (or of the N steps that
ask after all is written), evenly spread and with both ends; the same ones for the run and for the second route.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, get_type_hints

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from bounds.converse import mean_square_floor
from bounds.exact import ssm_worst_case, ssm_worst_values
from bounds.formats import format_of
from constructions.attention import Attention
from constructions.encoding import TARGET
from constructions.mamba import SSM
from constructions.sizes import size_of
from verify.copy.modules import Prepared
from verify.copy.task import uniform_values
from verify.copy.tolerance import attention_tolerance
from verify.independent import recorded_Delta, scores, weighed
from verify.sweep.enclosure import enclosed
from verify.sweep.grid import D, Run
from verify.sweep.memories import memory_of, prepared_on
from verify.sweep.programs import JUDGED, Asked, Kind, Programs
from verify.sweep.stated import beyond_stated
from verify.sweep.tolerance import constant_tolerance, exact_tolerance, gated_tolerance, is_exact


@dataclass(frozen=True)
class Record:
    """What a run leaves, in plain numbers; all errors in units of values in [-1, 1].

    worst: the exact worst case over all values and judged steps; surely, possibly: what the float program's largest
    error is at least and at most, by the rounding bound of all values, or by an enclosure of these values' outputs
    where that says more (verify.sweep.enclosure).  measured: the largest error on the values that attain the worst
    case, and `attained` the one at the step where they do; random: the largest on random values.  routes,
    routes_allowed: the two routes' distance and the bound of it (of an enclosure: from its middle, and half its width),
    at the output nearest to (or farthest beyond) its bound.  rms: the root mean square on random values relative to the
    values' own, rms_exact what the scores make of it, rms_least sqrt(1 - d_h/N) where that is a theorem.
    devices: how many shared the run, 1 where one had room for it.
    others, score: the weights of the other values, sum of moduli, and of pos, both with forgetting.  loudest: the
    largest score of the others, without it (delta of Theorem 1, rho of Theorem 2); log_others: of attention, the
    logarithm of their exponentials' sum.
    """

    d_h: int
    state_entries: int
    execution: str
    devices: int
    judged: int
    step: int
    worst: float
    surely: float
    possibly: float
    measured: float
    attained: float
    random: float
    off_stated: float
    off_allowed: float
    routes: float
    routes_allowed: float
    routes_step: int
    rms: float
    rms_exact: float
    rms_least: float | None
    exact: bool
    score: float
    others: float
    loudest: float
    log_others: float | None
    seconds: float

    def document(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, document: Any) -> "Record":
        """The record of `document`.  Raises ValueError or TypeError where it does not have these fields, of these
        types.
        """
        record, types = cls(**document), get_type_hints(cls)
        for name, value in vars(record).items():
            if not isinstance(value, types[name]):
                raise TypeError(f"{name} is {value!r}")
        return record


@dataclass(frozen=True, eq=False)
class Posed:
    """A run before it is carried out: what it is asked, and what the closed forms and the second route say of that.

    S: scores of the judged steps; worst: their exact worst cases; at: the step of the largest; second: the outputs by
    the second route; Delta: the recorded Delta of the stored weights.
    """

    asked: Asked
    S: Float[np.ndarray, "R N"]
    pos: Int[np.ndarray, " R"]
    worst: Float[np.ndarray, " R"]
    at: int
    values: Float[np.ndarray, "N d"]
    second: Float[np.ndarray, "R d"]
    Delta: float
    seconds: float


def measure(runs: Sequence[Run], programs: Programs) -> list[Record]:
    """Carry out a group of `Programs.batches`; seconds do not count the compilation, which serves many, and devices
    that work at once share those of a call.
    """
    kind = programs.kind(runs[0])
    programs.prepare(kind).result()
    posed = [pose(run, programs.width(kind)) for run in runs]
    begin = time.perf_counter()
    outputs, execution = programs.outputs([each.asked for each in posed])
    own = (time.perf_counter() - begin) / len(runs)
    return [judge(each, y, execution, kind, own) for each, y in zip(posed, outputs, strict=True)]


def pose(run: Run, width: int) -> Posed:
    """The run on the values that attain its exact worst case, with values of `width` coordinates."""
    begin = time.perf_counter()
    memory, prepared = memory_of(run, D), prepared_on(run, width)
    steps = judged(run)
    pos = prepared.task.target[steps]
    S = scores(prepared.memory, prepared.position[: run.N], prepared.target, steps)
    Delta = recorded_Delta(memory)
    worst = ssm_worst_case(S, pos, 1.0, Delta)
    at = int(worst.argmax())
    x = _values(run, ssm_worst_values(S[[at]], pos[[at]], 1.0)[0])
    asked = Asked(run, prepared, prepared.task.sequence(x), steps)
    return Posed(asked, S, pos, worst, at, x, Delta * weighed(S, x), Delta, time.perf_counter() - begin)


def judge(posed: Posed, y: Float[np.ndarray, "R d"], execution: str, kind: Kind, seconds: float) -> Record:
    """The record of a run that put out `y` by a program of that kind, in so many seconds."""
    begin = time.perf_counter()
    run, prepared, steps = posed.asked.run, posed.asked.prepared, posed.asked.steps
    memory, S, pos, worst, at, x = memory_of(run, D), posed.S, posed.pos, posed.worst, posed.at, posed.values
    outputs, wanted = y.astype(np.float64), memory.Delta * x[pos].astype(np.float64)
    allowed = _tolerance(prepared, run, steps, S, worst, execution, kind.length)
    slack = 0.0 if is_exact(memory) else allowed + abs(posed.Delta - memory.Delta)
    surely, possibly = max(float((worst - slack)[at]), 0.0), float((worst + slack).max())
    off = np.abs(outputs - wanted)
    second, room = posed.second, np.broadcast_to(allowed[:, None], outputs.shape)
    enclosure = enclosed(posed.asked, execution, kind)
    if enclosure is not None:
        error = enclosure.distance(wanted)
        surely, possibly = max(surely, float(error.lo[at, 0])), min(possibly, float(error.hi.max()))
        second, room = enclosure.mid, enclosure.rad
    off_stated, off_allowed = beyond_stated(run, steps)
    gap = np.abs(outputs - second)
    nearest = _nearest_to_its_bound(gap, room)
    own = x[:, 1:].astype(np.float64)
    mean_square = 1.0 - 2.0 * S[np.arange(len(S)), pos] + (S * S).sum(axis=1)
    return Record(
        d_h=memory.d_h,
        state_entries=size_of(memory, run.steps).state_entries,
        execution=execution,
        devices=kind.shares,
        judged=len(steps),
        step=int(steps[at]),
        worst=float(worst[at]),
        surely=surely,
        possibly=possibly,
        measured=float(off[:, 0].max()),
        attained=float(off[at, 0]),
        random=float(off[:, 1:].max()),
        off_stated=off_stated,
        off_allowed=off_allowed,
        routes=float(gap[nearest]),
        routes_allowed=float(room[nearest]),
        routes_step=int(steps[nearest[0]]),
        rms=float(np.sqrt((off[:, 1:] ** 2).mean()) / np.sqrt(((memory.Delta * own) ** 2).mean())),
        rms_exact=float(np.sqrt(max(mean_square.mean(), 0.0))),
        rms_least=float(mean_square_floor(run.N, min(run.d_h, run.N))) if run.L is None else None,
        exact=is_exact(memory),
        **vars(_scores_at(prepared, S[at], int(steps[at]), int(pos[at]))),
        seconds=posed.seconds + seconds + time.perf_counter() - begin,
    )


def judged(run: Run) -> Int[np.ndarray, " R"]:
    """The steps judged."""
    first = run.N if run.L is None else run.L - 1
    count = min(JUDGED, run.steps - first)
    return np.unique(np.linspace(first, run.steps - 1, count).round().astype(np.int64))


def _values(run: Run, attaining: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N d"]:
    """The worst case in the first coordinate, random values in the others."""
    random = _random(run.N, run.seed)
    worst = np.where(attaining == 0.0, 1.0, attaining)
    return np.concatenate([worst[:, None], random], axis=1).astype(jnp.dtype(run.dtype))


@lru_cache(maxsize=2)
def _random(N: int, seed: int) -> Float[np.ndarray, "N d"]:
    return uniform_values(N, D - 1, 1.0, seed, np.dtype(np.float64))


def _tolerance(
    prepared: Prepared, run: Run, steps: np.ndarray, S: np.ndarray, worst: np.ndarray, execution: str, length: int
) -> Float[np.ndarray, " R"]:
    """For each judged step, the bound of the distance of its output from real arithmetic."""
    memory = prepared.memory
    if is_exact(memory):
        return exact_tolerance(memory, len(steps), run.dtype)
    if isinstance(memory.module, SSM):
        target = prepared.target[steps]
        return constant_tolerance(memory, target, steps, run.N, length, execution, run.dtype)
    if not isinstance(memory.module, Attention):
        return gated_tolerance(memory, worst, run.steps, run.dtype)
    u = float(format_of(run.dtype).unit_roundoff)
    return attention_tolerance(memory, run.steps, 0.5 * worst, np.minimum(S, u).sum(axis=1), 1.0, run.dtype)


def _nearest_to_its_bound(gap: Float[np.ndarray, "R d"], allowed: Float[np.ndarray, "R d"]) -> tuple[int, int]:
    """The step and coordinate that leaves its bound, or comes closest to it; NaN counts as leaving it."""
    with np.errstate(invalid="ignore"):  # an infinite enclosure has no middle
        share = gap / np.maximum(allowed, np.finfo(np.float64).tiny)
    step, coordinate = np.unravel_index(np.argmax(np.where(np.isnan(share), np.inf, share)), gap.shape)
    return int(step), int(coordinate)


@dataclass(frozen=True)
class _Scores:
    score: float
    others: float
    loudest: float
    log_others: float | None


def _scores_at(prepared: Prepared, row: np.ndarray, step: int, pos: int) -> _Scores:
    """The scores of one output, with and without forgetting."""
    memory, codes = prepared.memory, prepared.memory.encoding.codes
    others = np.delete(row, pos)
    score, total = float(row[pos]), float(np.abs(others).sum())
    if codes is None:
        return _Scores(score, total, float(np.abs(others).max(initial=0.0)), None)
    seen = codes[: min(step + 1, len(codes))].astype(np.float64)
    raw = np.delete(seen @ codes[pos].astype(np.float64), pos)
    if not isinstance(memory.module, Attention):
        return _Scores(score, total, float(np.abs(raw).max(initial=0.0)), None)
    scale = float(np.asarray(memory.module.W_q.actions[TARGET, "key"].inner))
    raw *= scale
    own = scale * float((codes[pos].astype(np.float64) ** 2).sum())
    top = float(raw.max(initial=-np.inf))
    together = top + float(np.log(np.exp(raw - top).sum())) if len(raw) else -np.inf
    return _Scores(own, total, top, together)
