"""What every scalar of a compiled stack should hold at every token, in exact integers.

The interpreter gives the quantities of the program; a scalar is an expression of these, noted when it was laid out from
what it was made *for* (`Lowering.means`).  No unit, no weight and no float is looked at, so each block can be judged by
itself: what it writes against what its scalars mean, with what it reads held at these values.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from constructions.programs.evaluation import functions_of
from constructions.programs.expression import Expr, evaluate
from constructions.programs.interpreter import Token, interpreted
from constructions.programs.program import ONE, POSITION
from constructions.programs.stack import Stack


def held(stack: Stack, prompt: Sequence[Token], limit: int) -> Float[np.ndarray, "T D"]:
    """The whole stream at every token of the program's own run from a prompt, at most `limit` tokens.

    Raises ValueError as the interpreter does, and KeyError for a scalar of which nothing says what it should hold.
    """
    given = [field.name for field in stack.program.fields] + [POSITION]
    scalars = [scalar for scalar in stack.stream.names if scalar not in (*given, ONE)]
    wanted = [stack.means[scalar] for scalar in scalars]
    whole = Expr("linear", tuple(dict.fromkeys(wanted)), (0, *(1 for _ in dict.fromkeys(wanted))))
    meant = functions_of(whole.order[:-1], wanted)
    rows = []
    for _, quantities in interpreted(stack.program, prompt, limit):
        for called, aside in stack.asides.items():
            quantities[called] = evaluate(aside, quantities)
        values = dict(zip(scalars, meant(quantities), strict=True)) | {n: quantities[n] for n in given} | {ONE: 1}
        rows.append([float(values[n]) for n in stack.stream.names])
    return np.array(rows, np.float64).reshape(len(rows), stack.stream.dim)
