"""One row of `verify bounds`: Theorems 1 and 2 at one a_min and L, each number a closed form until it is printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from bounds.formats import format_of
from bounds.reals import ClosedForm, balls
from bounds.theorem1 import Status, Theorem1
from bounds.theorem2 import Theorem2
from verify.bounds.limits import Limits, holds_in
from verify.bounds.settings import BoundsSettings
from verify.notation import NOTHING, closed, nearest

SATISFIABLE = "satisfiable"
VACUOUS = "VACUOUS"
BEYOND = "beyond the dtype"
UNDEFINED = "undefined"

_ANY_PRECISION = balls(64)


@dataclass(frozen=True)
class Row:
    """The two theorems at one place.

    dtype: the format whose range the score may leave. dtype_limit: the largest L that it can hold, see Limits.
    """

    a_min: Fraction
    L: int
    theorem1: Theorem1
    theorem2: Theorem2
    dtype: str
    dtype_limit: int | None

    @cached_property
    def status(self) -> str:
        """The first that applies: `undefined` (the printed formula divides by zero), `VACUOUS` (Assumption 1 and the
        threshold exclude each other), `beyond the dtype` (the dtype has no number as large as the threshold),
        `satisfiable`. So VACUOUS speaks of real arithmetic whatever the dtype."""
        status = self.theorem1.status()
        if status is not Status.SATISFIABLE:
            return UNDEFINED if status is Status.UNDEFINED else VACUOUS
        return SATISFIABLE if holds_in(self.theorem1.threshold, format_of(self.dtype)) else BEYOND

    @property
    def speaks(self) -> bool:
        """Whether Theorem 1's hypotheses and threshold hold together here, in real arithmetic."""
        return self.status in (SATISFIABLE, BEYOND)

    @cached_property
    def forms(self) -> dict[str, ClosedForm | None]:
        """The numbers of the row by field name; None where there is no such number."""
        return {
            "ssm_threshold": _if_any(self.theorem1.threshold),
            "ssm_required": _if_any(self.theorem1.required),
            "ssm_cap": self.theorem1.cap,
            "attention_threshold": self.theorem2.threshold,
            "attention_required": _if_any(self.theorem2.required),
        }

    @cached_property
    def texts(self) -> dict[str, str]:
        """The numbers of the row with five digits, each right; a dash where there is no such number."""
        return {name: NOTHING if form is None else closed(form) for name, form in self.forms.items()}

    def decide(self) -> None:
        """Settle every printed digit and the status now; the answers are kept."""
        _ = self.texts, self.status

    def document(self) -> dict[str, Any]:
        """The row of the JSON document."""
        numbers = {name: None if form is None else nearest(form) for name, form in self.forms.items()}
        return {"L": self.L, "a_min": self.a_min, **numbers, "status": self.status, "dtype_limit": self.dtype_limit}


def _if_any(form: ClosedForm) -> ClosedForm | None:
    """The form, or None if it says that there is no number; what it says does not depend on the precision."""
    return None if form(_ANY_PRECISION) is None else form


def rows_of(settings: BoundsSettings, a_min: Fraction, limits: Limits) -> Iterable[Row]:
    """The rows of one block, ascending in L, made one at a time."""
    for L in settings.L:
        theorems = settings.theorem1(a_min, L), settings.theorem2(L)
        yield Row(a_min, L, *theorems, settings.dtype, limits.largest[settings.dtype])
