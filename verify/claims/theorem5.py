"""Theorem 5: what m slots of Theorem 3's module do, and a ring that forgets in their place.

*The printed proof.*  With A = O nothing is forgotten.  When slot q is written for the second time it holds the sum of
both values, so from token m + 1 on every read is off by all that was there before.  What is built instead has one state
a channel, A = -1 and a Delta that is large where it writes and about 0 elsewhere (`constructions.programs.blocks`); the
error of a read is bounded in `bounds.slots`, and its scale lambda grows like log T, its size not at all.

*No other keys help.*  Let b_j, c_i in R^m not depend on the values, A = O, and let each of the last m values be read
without error.  At step m + 1, for j = 2, .., m + 1 some c has c^T b_j = 1 and c^T b_k = 0 for all other k.  These m
vectors c are independent, so they span R^m, and all of them are orthogonal to b_1: b_1 = 0.  But at step 1 some c has
c^T b_1 = 1.

*Where token t goes.*  A slot t mod m cannot be computed from t by blocks of size O(m) for unbounded t: a function of
the scalar t with k ReLU units has at most k + 1 linear pieces, and t mod m has T / m of them.  The chains carry their
place instead: an offset from the token that began the line or the row, kept in a register.

*What is a window.*  By o_1, .., o_T definition and theorem must mean the whole sequence, prompt included: otherwise o_1
would depend on nothing, but the first value of edit distance is 0 for a|a and 3 for a|b.
"""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from bounds.slots import leaks_at_most, slots_leak, slots_scale
from constructions.problems import subarray
from constructions.problems.arithmetic import Arithmetic
from constructions.problems.edit_rows import EditRows
from constructions.problems.table import Table
from constructions.problems.task import Task
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.open_inputs import all_inputs
from verify.claims.ring_runs import every_run, simple_leak
from verify.claims.runs import by_program, by_weights, constant_check, drawn, linear_check
from verify.claims.settled import fails, settled, stands
from verify.dp.dtypes import size_limits
from verify.dp.growth import point
from verify.dp.leak import SMALL, Ring, measured
from verify.dp.locality import unforgetting
from verify.verdict import ESTABLISHED, Check, Verdict

TOPIC = "Theorem 5"
ROWS, STEPS = EditRows(), Arithmetic()
WINDOWS = range(1, 9)  # m for which the slots are followed through 3 m tokens
LONG = (10**3, 10**6, 10**9)
QUARTER = Fraction(1, 4)
STRETCHES = (1, 16, 256)  # of T, the input's lengths fixed
SIZES = (4, 8, 16)
PROVED_UP_TO = {False: 8, True: 4}  # letters of a string, in full and with --fast
RANDOM = 12  # size of random instances, beyond what is proved
THROUGH_WEIGHTS = 4  # of the instances of size 1 that go through the weights


def proof(setup: Setup) -> Decision:
    """T5-PROOF: the last m values in m slots, kept by Theorem 3's module."""
    mended = setup.altered == "slots that forget"
    repair = Repair(
        "m slots that are erased when they are written (A = -1, Delta = lambda at the slot, about 0 elsewhere) hold "
        "the last m values, of modulus at most V, up to a leak of at most 3 (T + m) V e^-lambda, lambda >= 1.28, so "
        "that lambda = O(log T) is enough.",
        (_slots(True), every_run("T5-PROOF"), simple_leak("T5-PROOF"), *(_leak(T) for T in LONG), _task(ROWS, True)),
    )
    return fails(
        (_slots(mended), _measured(-1.0 if mended else 0.0), _task(ROWS, mended)),
        repair,
        "Theorem 5 rests on it. It stands with the slots that forget.",
        "m, v = 1, [1, 1]; H = [0] * m; H[0 % m] += v[0]; H[1 % m] += v[1]; assert H[1 % m] == 2 != v[1]",
    )


def _slots(mended: bool) -> Check:
    """The slot (t - 1) mod m after token t, values v_t = t, against v_t: H <- H + v e^T, or H[slot] <- v."""
    wrong: list[dict[str, Any]] = []
    for m in WINDOWS:
        H = [0] * m
        for t in range(1, 3 * m + 1):
            q = (t - 1) % m
            H[q] = t if mended else H[q] + t
            if H[q] != t:
                wrong.append({"m": m, "t": t, "slot holds": H[q], "v_t": t})
    kind = "H[slot] <- v_t" if mended else "H <- H + v_t e_slot^T (A = O)"
    return settled(
        "T5-PROOF",
        kind,
        not wrong,
        len(wrong),
        0,
        f"{kind}, slot = (t - 1) mod m, v_t = t, in integers, for m = 1..{WINDOWS[-1]} and 3 m tokens: reads of v_t "
        "that are wrong",
        wrong[0] if wrong else None,
        ESTABLISHED if mended else REFUTES,
    )


def _leak(T: int) -> Check:
    """The scale at which a read of a ring is off by at most 1/4 after T tokens."""
    m, V = 64, 10
    scale = slots_scale(V, T, m, QUARTER)
    return settled(
        "T5-PROOF",
        f"leak, T = {T}",
        leaks_at_most(scale, V, T, m, QUARTER),
        scale,
        QUARTER,
        f"bounds/slots.py in balls: the error of a read at m = {m}, |values| <= {V}, T = {T} is at most 1/4; value: "
        "lambda, a power of two",
        {"lambda": scale, "m": m, "V": V, "T": T},
    )


def _measured(A: float) -> Check:
    """The block itself, with its A or with A = 0, on random writes and reads."""
    ring = Ring(4, 8, 64)
    off, token = measured(ring, SMALL, A)
    bound = float(slots_leak(SMALL, ring.V, ring.T, ring.N))
    verdict = Verdict.HELD if off <= bound else Verdict.REFUTED
    forgets = A < 0
    evidence = (
        f"the block from weights with A = {A:g}, lambda = {SMALL}: {ring.T} random writes and reads of {ring.N} "
        f"slots, |values| <= {ring.V}, seed 0; value: the largest error of a read, bound: bounds/slots.py for A = -1"
    )
    witness = None if verdict is Verdict.HELD else {"A": A, "token": token, "error": off}
    id, about = f"claims/T5-PROOF/measured, A = {A:g}", "real arithmetic, evaluated in float64"
    expected = ESTABLISHED if forgets else REFUTES
    return Check(id, "T5-PROOF", verdict, off, bound, evidence, witness, about, expected)


def _task(task: Task, mended: bool) -> Check:
    """A whole problem with its memories, or with the same ones that only add."""
    instances = sorted(task.every(2), key=lambda instance: len(task.expected(instance)))
    words = "all instances of size at most 2" + ("" if mended else ", memories that add")
    expected = ESTABLISHED if mended else REFUTES
    return by_program("T5-PROOF", task, instances, words, True, None if mended else unforgetting, expected)


def theorem5(setup: Setup) -> Decision:
    """T5: two problems whose windows hold their inputs, run and counted."""
    if setup.altered == "fewer than m slots":
        return stands(_short(), again="v = [1, 2]; H = [0]; H[0] = v[0]; H[0] = v[1]; assert H[0] != v[0]")
    families: list[tuple[Task, int]] = [(ROWS, 2), (STEPS, 1 if setup.fast else 2)]
    checks: list[Check] = [*all_inputs("T5", ROWS, PROVED_UP_TO[setup.fast])]
    for task, longest in families:
        checks.append(by_weights("T5", task, tuple(task.every(1))[-THROUGH_WEIGHTS:]))
        words = f"all instances of size at most {longest}"
        checks.append(by_program("T5", task, tuple(task.every(longest)), words, True))
        random = drawn(task, RANDOM, setup.seed)
        words = f"random instances of size {RANDOM}, seed {setup.seed}"
        checks.append(by_program("T5", task, random, words, False))
        points = [point(task, size_limits(task, n)) for n in SIZES]
        checks.append(linear_check("T5", task, points, "m", lambda p: p.m))
        at = size_limits(task, SIZES[0])
        long = [point(task, replace(at, longest=at.longest * k)) for k in STRETCHES]
        checks.append(constant_check("T5", task, long))
    return stands(*checks, again="")


def _short() -> Check:
    """A planted error: one slot, where a value is read from a distance of two states."""
    problem = subarray.subarray()
    short = Table(replace(problem, locality=lambda _: 0), subarray.notation(), 5)
    whole = Table(problem, subarray.notation(), 4)
    return by_program("T5", short, tuple(whole.every(2)), "a ring of 1 slot where 2 are needed", True)


CLAIMS = (
    Claim(
        "T5-PROOF",
        "A.7",
        TOPIC,
        "Since only the last m tokens matter, Theorem 3's module (A = O, one-hot keys) with m slots, used in turn, "
        "copies every one of them at any t.",
        proof,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"slots that forget": Verdict.HELD},
    ),
    Claim(
        "T5",
        "Theorem 5, A.7",
        TOPIC,
        "For a DP problem that meets Assumption 3 and whose next token is a function of the last m (prompt included) "
        "there are, for every T, Mamba layers with O(m) state entries, parameters and operations a step, whatever T "
        "is, that generate every chain of at most T tokens: O(m T) in all.",
        theorem5,
        Verdict.HELD,
        None,
        {"fewer than m slots": Verdict.REFUTED},
        slow=True,
    ),
)
