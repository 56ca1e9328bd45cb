"""What `verify copy` settles in exact arithmetic at small N: Theorem 3 on all its inputs, and the converse with a
witness.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

import numpy as np

from bounds.converse import kernel_witness
from constructions.encoding import ONE, POSITION, TARGET, VALUES
from constructions.layout import Layout
from constructions.mamba import SSM
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from verify.verdict import Check, Verdict, decided

LARGEST_N = 5
CONVERSE_INSTANCES = 40


def theorem3_checks(largest: int = LARGEST_N, build: Callable[[int, int], Memory] = theorem3) -> tuple[Check, Check]:
    """T3 and T3-STATE for every N <= `largest`, every causal map pos and all real values.

    The module is linear in the recorded values, so it is enough to run it on v_j = the j-th unit vector of Q^N: then
    H_i must be the first i rows of the identity, and y_i the unit vector of pos(i).
    """
    maps = 0
    wrong_state: dict[str, object] | None = None
    wrong_output: dict[str, object] | None = None
    for N in range(1, largest + 1):
        memory = build(N, 1)
        module, layout = memory.module, memory.encoding.layout
        assert isinstance(module, SSM)
        maps_of_x = _exact_maps(module)
        for pos in product(*(range(i + 1) for i in range(N))):
            maps += 1
            for i, (H, y) in enumerate(_run(*maps_of_x, layout, pos)):
                kept = [[int(j == k and j <= i) for k in range(N)] for j in range(N)]
                if kept != H:
                    wrong_state = wrong_state or {"N": N, "pos": list(pos), "step": i, "H": H}
                if y != [int(k == pos[i]) for k in range(N)]:
                    wrong_output = wrong_output or {"N": N, "pos": list(pos), "step": i, "y": y}
    evidence = f"integer arithmetic on W_b, W_c and A as built, all {maps} causal maps pos for N = 1..{largest}"
    return (
        Check("copy/exact/T3", "T3", decided(wrong_output is None), maps, None, evidence, wrong_output),
        Check("copy/exact/T3-STATE", "T3-STATE", decided(wrong_state is None), maps, None, evidence, wrong_state),
    )


def converse_check(seed: int, instances: int = CONVERSE_INSTANCES) -> Check:
    """X-CONVERSE on integer keys with forgetting: a kernel vector u of the map from values to state, max |u| = 1,
    checked by running both inputs u and -u through the recurrence; whatever is read from the common state, one of
    them is off by 1.
    """
    rng = np.random.default_rng(seed)
    for _ in range(instances):
        N = int(rng.integers(2, 7))
        d_h = int(rng.integers(1, N))
        keys = [[int(k) for k in row] for row in rng.integers(-3, 4, (N, d_h))]
        a = Fraction(int(rng.integers(1, 5)), 4)
        u = kernel_witness([[a ** (N - 1 - j) * keys[j][s] for j in range(N)] for s in range(d_h)])
        witness = {"N": N, "d_h": d_h, "a": str(a), "keys": keys, "u": [str(x) for x in u or []]}
        states = None if u is None else [_state(keys, a, [sign * x for x in u]) for sign in (1, -1)]
        if u is None or states is None or states[0] != states[1] or max(map(abs, u)) != 1:
            return Check("copy/exact/X-CONVERSE", "X-CONVERSE", Verdict.REFUTED, 0, 1, "exact fractions", witness)
    family = f"{instances} integer key matrices in [-3, 3], a in {{1/4, 1/2, 3/4, 1}}, d_h < N <= 6, seed {seed}"
    evidence = f"the proof in bounds.converse, replayed in exact fractions on {family}"
    return Check("copy/exact/X-CONVERSE", "X-CONVERSE", Verdict.HELD, 1, 1, evidence, witness)


def _exact_maps(module: SSM) -> tuple[np.ndarray, np.ndarray]:
    """W_b and W_c as matrices of integers, or of fractions where an entry is none.

    Raises ValueError unless A = O: the forgetting of any other A has no exact value here.
    """
    if module.A is not None:
        raise ValueError(f"the exact recurrence needs A = O, got {module.A}")
    exact = np.vectorize(
        lambda entry: int(entry) if float(entry).is_integer() else Fraction(float(entry)), otypes=[object]
    )
    return exact(module.W_b.dense()), exact(module.W_c.dense())


def _run(
    W_b: np.ndarray, W_c: np.ndarray, layout: Layout, pos: tuple[int, ...]
) -> Iterator[tuple[list[list[int]], list[int]]]:
    """H_i and y_i for recorded values v_j = e_j, by the recurrence of Eq. 1 with A = O in fractions."""
    H = np.zeros((len(W_b), len(pos)), dtype=object)
    for i, target in enumerate(pos):
        x = np.zeros(layout.dim, dtype=object)
        x[layout.coordinates(VALUES)] = 7  # any nonzero input: the maps must not read it
        x[layout.coordinates(POSITION).start + i] = 1
        x[layout.coordinates(TARGET).start + target] = 1
        x[layout.coordinates(ONE)] = 1
        H[:, i] = H[:, i] + W_b @ x
        yield H.tolist(), (H.T @ (W_c @ x)).tolist()


def _state(keys: list[list[int]], a: Fraction, values: list[Fraction]) -> list[Fraction]:
    """H_N of Eq. 6 for one coordinate."""
    H = [Fraction(0)] * len(keys[0])
    for key, value in zip(keys, values, strict=True):
        H = [a * h + k * value for h, k in zip(H, key, strict=True)]
    return H
