"""The largest integer at which a monotone condition holds, each test of it proved."""

from collections.abc import Callable


def largest_integer(holds: Callable[[int], bool], first: int, stop: int) -> int | None:
    """The largest n in [first, stop] with `holds(n)`, for a condition that once false stays false.

    None if `holds(first)` fails already. The distance from `first` doubles until the condition fails, then the gap is
    halved: about 2 log2(answer - first) tests. The answer is as good as they are: `holds` decides or raises, no guess.

    Raises:
        ValueError: stop < first.
    """
    if stop < first:
        raise ValueError(f"stop is {stop} and first is {first}; stop must not be below first")
    if not holds(first):
        return None
    good, step = first, 1
    while good < stop and holds(min(good + step, stop)):
        good = min(good + step, stop)
        step *= 2
    bad = min(good + step, stop + 1)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good
