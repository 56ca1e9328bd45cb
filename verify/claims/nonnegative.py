"""Inequalities proved for all sizes at once: expressions in nonnegative unknowns whose coefficients show their sign.

Each hypothesis is put in as an unknown: x <= y becomes y = x + g with g >= 0, and 0 <= x < 1 becomes x = t / (1 + t).
What has to be nonnegative is then a quotient of polynomials in unknowns that are nonnegative, and it is so if no
coefficient is below 0.
"""

from collections.abc import Iterable

import sympy


def unknowns(names: str) -> tuple[sympy.Symbol, ...]:
    """Nonnegative symbols of those names, separated by spaces."""
    return tuple(sympy.Symbol(name, nonnegative=True) for name in names.split())


def below_one(t: sympy.Symbol) -> sympy.Expr:
    """Any number in [0, 1) as t >= 0 runs."""
    return t / (1 + t)


def nonnegative(expression: sympy.Expr) -> bool:
    """Whether the coefficients prove `expression` >= 0 for all nonnegative values of its symbols (and no zero divisor).

    Sufficient only: False says nothing. Raises ValueError for a symbol that is not known to be nonnegative.
    """
    reduced = sympy.cancel(sympy.together(expression))
    if strange := [symbol for symbol in reduced.free_symbols if not symbol.is_nonnegative]:
        raise ValueError(f"{strange} may be negative; write the hypotheses as nonnegative unknowns")
    parts = [_signs(part) for part in sympy.fraction(reduced)]
    return parts[0] == {0} or (parts[0] == parts[1] and len(parts[0]) == 1)


def _signs(polynomial: sympy.Expr) -> set[int]:
    """The signs of the coefficients; {0} for zero."""
    symbols = sorted(polynomial.free_symbols, key=str)
    terms = sympy.Poly(polynomial, *symbols).coeffs() if symbols else [polynomial]
    return {int(sympy.sign(coefficient)) for coefficient in terms}


def unproved(expressions: Iterable[sympy.Expr]) -> list[str]:
    """Those of the expressions whose coefficients do not prove them nonnegative, as text."""
    return [str(expression) for expression in expressions if not nonnegative(expression)]


def zero(expression: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """The two inequalities that together say `expression` = 0."""
    return expression, -expression
