"""The ring of X-RING, run as Eq. 1 has it: every run of a small memory in balls, against its bound in closed form."""

from fractions import Fraction
from itertools import product
from typing import Any

from bounds.reals import Order, Reals, decide
from bounds.slots import LEAST, slots_leak, slots_leak_simple
from verify.claims.settled import settled
from verify.verdict import Check

SLOTS, TOKENS, SCALE = 3, 3, 2


def every_run(claim: str, part: Fraction = Fraction(1)) -> Check:
    """The error of every read of every run against `part` of `slots_leak`."""
    wrong, tried, tokens = None, 0, list(product(range(SLOTS), (-1, 1)))
    for run in product(tokens, repeat=TOKENS):
        if run[0][1] < 0:  # the other sign of all values gives the other sign of all errors
            continue
        for asked in range(SLOTS):
            tried += 1
            order = decide(
                lambda reals, run=run, asked=asked: abs(_read(run, asked, reals) - _ideal(run, asked)),
                lambda reals: reals.number(part) * slots_leak(SCALE, 1, TOKENS, SLOTS, reals),
            )
            if order is not Order.LESS:
                wrong = wrong or {"tokens (slot, value)": run, "asked": asked, "lambda": SCALE}
        if wrong:
            break
    return settled(
        claim,
        "every-run",
        wrong is None,
        tried,
        "slots_leak",
        f"lambda = {SCALE}, {SLOTS} slots, all runs of {TOKENS} tokens with values +-1 (up to the common sign) "
        "and all requests: the recurrence of Eq. 1 in balls, the error against the closed form, which the note "
        "to bounds/slots.py proves for every lambda >= 1.28, N and T; slots used twice included",
        wrong,
    )


def simple_leak(claim: str) -> Check:
    """3 (T + N) V e^-lambda, which shows the growth, against the bound that it stands for, V = 1 (both grow with V)."""
    places = list(product((LEAST, Fraction(2), Fraction(8), Fraction(64)), (1, 10, 10**6), (1, 4, 1024)))
    wrong = [place for place in places if _orders(*place) is not Order.LESS]
    return settled(
        claim,
        "growth",
        not wrong,
        "slots_leak",
        "3 (T + N) V e^-lambda",
        f"in balls at {len(places)} places, lambda = 1.28.. to 64, T = 1 to 10^6, N = 1 to 1024, by the note to "
        "bounds/slots.py at all; so lambda = log(3 (T + N) V/eps) is enough for a leak of eps: O(log T)",
        {"lambda, T, N": wrong[:1]},
    )


def _orders(lam: Fraction, T: int, N: int) -> Order | None:
    return decide(lambda reals: slots_leak(lam, 1, T, N, reals), lambda reals: slots_leak_simple(lam, 1, T, N, reals))


def _read(run: tuple[tuple[int, int], ...], asked: int, reals: Reals) -> Any:
    """W_3 (H (.) silu(gate)) with r = 1 - 2 (distance)^2 and g = 1 - (distance)^2, as the blocks have them."""
    total = reals.number(0)
    for slot in range(SLOTS):
        H = reals.number(0)
        for written, value in run:
            Delta = reals.log1p(reals.exp(reals.number(SCALE * (1 - 2 * (slot - written) ** 2))))
            H = reals.exp(-Delta) * H + Delta * value
        g = reals.number(SCALE * (1 - (slot - asked) ** 2))
        total += H * g / (1 + reals.exp(-g))
    return total / SCALE**2


def _ideal(run: tuple[tuple[int, int], ...], asked: int) -> int:
    return next((value for slot, value in reversed(run) if slot == asked), 0)
