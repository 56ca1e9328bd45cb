"""Bad input as one line: what was given, what is allowed, and the nearest that works."""

EXIT_BAD_INPUT = 2
_LONGEST_QUOTE = 60


class BadInput(Exception):
    """A request that cannot be carried out; the entry point prints it as one line on stderr and exits with 2.

    given: what the user wrote, with the option's name in front, for example `--L 0`.
    allowed: what may be written there, as a clause, for example `L is an integer from 1 to 4096`.
    nearest: the closest thing that works, as the user would type it, for example `--L 1`.
    """

    def __init__(self, given: str, allowed: str, nearest: str) -> None:
        self.given, self.allowed, self.nearest = one_line(given), one_line(allowed), one_line(nearest)
        super().__init__(f"{self.given}: {self.allowed}; nearest that works: {self.nearest}")


def one_line(text: str) -> str:
    """`text` with every control character escaped and runs of blanks joined, so that it stays on one line."""
    visible = "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)
    return " ".join(visible.split())


def quoted(text: str) -> str:
    """What the user wrote, shortened in the middle when it would fill the line; an empty text shows as ''."""
    if len(text) > _LONGEST_QUOTE:
        text = f"{text[: _LONGEST_QUOTE // 2]}...{text[-10:]}"
    return text if text.strip() else repr(text)


def nothing_given(text: str) -> str:
    """How the reason of a refusal begins where an option's text is empty, whatever the option; nothing elsewhere."""
    return "" if text.strip() else "the value is empty; "
