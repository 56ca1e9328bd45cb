"""Decimal strings whose every digit is right: an exact number, rounded once, half to even."""

from fractions import Fraction

FIRST_SCIENTIFIC = Fraction(10) ** 7
LAST_SCIENTIFIC = Fraction(1, 10**4)


def floor_log10(x: Fraction) -> int:
    """The integer e with 10^e <= x < 10^(e+1), for x > 0.

    Bit lengths give log10(x) to within log10(2) < 1, so the estimate is off by at most one place either way; exact
    comparisons put that right.
    """
    e = (x.numerator.bit_length() - x.denominator.bit_length()) * 30103 // 100000
    while Fraction(10) ** e > x:
        e -= 1
    while Fraction(10) ** (e + 1) <= x:
        e += 1
    return e


def round_decimal(x: Fraction, n: int) -> str:
    """The rational `x` as a decimal string with n significant digits, rounded half to even.

    Positional for 1e-4 <= |x| < 1e7, else scientific, as in 3.1872e+43. A positional number shows all its digits
    before the point, even if that is more than n: filling up with zeros would print digits that are not right.
    Zero is "0".

    Raises:
        ValueError: n < 1.
    """
    if n < 1:
        raise ValueError(f"{n} significant digits were asked for; ask for at least 1")
    if x == 0:
        return "0"
    sign, x = ("-", -x) if x < 0 else ("", x)
    if LAST_SCIENTIFIC <= x < FIRST_SCIENTIFIC:
        return sign + _positional(x, n)
    return sign + _scientific(x, n)


def _positional(x: Fraction, n: int) -> str:
    places = max(0, n - 1 - floor_log10(x))
    scaled = round(x * 10**places)
    if places and scaled == 10**n:  # the rounding carried into a new leading digit
        places, scaled = places - 1, scaled // 10
    whole, part = divmod(scaled, 10**places)
    return f"{whole}.{part:0{places}d}" if places else f"{whole}"


def _scientific(x: Fraction, n: int) -> str:
    e = floor_log10(x)
    scaled = round(x * Fraction(10) ** (n - 1 - e))
    if scaled == 10**n:
        scaled, e = scaled // 10, e + 1
    digits = str(scaled)
    point = f".{digits[1:]}" if n > 1 else ""
    return f"{digits[0]}{point}e{e:+03d}"
