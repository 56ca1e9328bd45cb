"""Which field of a problem is at fault where its states do not come in order, or what one reads is not there.

The order of states depends on the lengths alone: from `first` by `following` until `last`, `count` of them, each with
its indices within `index_bounds`, each reading earlier ones.  Where these statements contradict each other, no reading
is proof of which of them is false; the one is named that the others, taken together, speak against.
"""

from itertools import islice

from constructions.oracle import unfolded
from constructions.problem import InputRead, Lengths, Problem, State
from constructions.programs.expression import evaluate

SHOWN = 4  # states of an order that are spelled


def fault(problem: Problem, lengths: Lengths) -> str | None:
    """The first statement about the order of states and about reads that the others contradict, in words that begin
    with the field; None where there is no contradiction.
    """
    try:
        return _Order(problem, lengths).fault()
    except ValueError as error:
        return str(error)


class _Order:
    """The states that are visited for given lengths: at most one more than `count`."""

    def __init__(self, problem: Problem, lengths: Lengths) -> None:
        self.problem, self.lengths, self.n = problem, lengths, problem.sizes(lengths)
        self.count = problem.count(lengths)
        self.visited: list[State] = []
        self.ended = self._flag("empty", problem.empty, self.n)
        upcoming = None if self.ended else self._state("first", problem.first, self.n)
        while upcoming is not None and len(self.visited) <= self.count:
            self.visited.append(upcoming)
            self.ended = self._flag("last", problem.last, self._names(upcoming))
            upcoming = None if self.ended else self._following(upcoming)

    def fault(self) -> str | None:
        """See `fault`."""
        again = len(set(self.visited)) < len(self.visited)
        if again:
            k = next(k for k, state in enumerate(self.visited) if state in self.visited[:k])
            return f"`following` is false: it leads from {self.visited[k - 1]} back to {self.visited[k]}"
        fits = self.ended and len(self.visited) == self.count
        outside = next((k for k, state in enumerate(self.visited) if self._outside(state)), None)
        if not fits and outside is not None:
            return self._led_outside(outside)
        missing = self._missing()
        if missing is not None:
            return missing
        if not self.ended:
            return f"`count` or `last` is false: more than the {self.count} states that `count` gives{self._spelled()}"
        if not fits:
            stated = f"{self.count} {'is' if self.count == 1 else 'are'} stated"
            return f"`count` is false: {_states(len(self.visited))} visited{self._spelled()}; {stated}"
        if outside is not None:
            state = self.visited[outside]
            return f"state {state}: `index_bounds` is false: {self._outside(state)}"
        return None

    def _led_outside(self, k: int) -> str:
        """A state out of bounds in an order that does not have its `count` of states either."""
        state = self.visited[k]
        if k == 0:
            return f"`first` is false: it gives {state}, where {self._outside(state)}"
        before = self.visited[k - 1]
        if k == self.count:
            return (
                f"`last` is false: it is 0 at {before}, the last of the {self.count} states that `count` gives; "
                f"`following` leads on to {state}, where {self._outside(state)}"
            )
        return f"`following` is false: it leads from {before} to {state}, where {self._outside(state)}"

    def _missing(self) -> str | None:
        """A state or token that is asked for and is not there."""
        done: set[State] = set()
        for state in self.visited[: self.count]:
            wrong = self._asked(self.problem.reads, self._names(state), done, f"state {state}: ")
            if wrong:
                return wrong
            done.add(state)
        return self._asked(self.problem.answer_reads, self.n, done, "the answer: ") if done and self.ended else None

    def _asked(self, reads, here, done: set[State], who: str) -> str | None:
        for read, place in unfolded(reads, here):
            if not self._flag(f"`when` of {read.name!r}", read.when, place, quoted=False):
                continue
            if isinstance(read, InputRead):
                index, there = int(evaluate(read.index, place)), self.lengths[read.sequence]
                if not 1 <= index <= there:
                    return (
                        f"{who}`index` or `when` of {read.name!r} is false: it asks for token {index} of sequence "
                        f"{read.sequence + 1}, which has {there}"
                    )
                continue
            wanted = tuple(int(evaluate(e, place)) for e in read.state)
            if wanted not in done:
                return f"{who}{self._blamed(read.name, wanted)}"
        return None

    def _blamed(self, called: str, wanted: State) -> str:
        """Whose fault it is that a state is not solved yet."""
        asks = f"{called!r} asks for {wanted}"
        if wanted in self.visited[self.count :]:
            return f"`count` is false: it gives {self.count} states; {asks}, which comes after them and before `last`"
        if wanted in self.visited:
            return f"`state` or `when` of {called!r} is false: {asks}, which is not solved yet"
        if self._outside(wanted):
            return f"`state` or `when` of {called!r} is false: {asks}, which is no state: {self._outside(wanted)}"
        if self.visited[0] in islice(self._onward(wanted), self.count + 1):
            return f"`first` is false: {asks}, but the order begins at {self.visited[0]}, which comes after it"
        if wanted in islice(self._onward(self.visited[-1]), self.count + 1):
            return f"`last` is false: {asks}, but it is 1 at {self.visited[-1]} already"
        return f"`following` is false: {asks}, which is never visited{self._spelled()}"

    def _onward(self, state: State):
        """The states that `following` leads to, for ever."""
        while True:
            state = self._following(state)
            yield state

    def _following(self, state: State) -> State:
        return self._state("following", self.problem.following, self._names(state))

    def _outside(self, state: State) -> str | None:
        bounds = self.problem.index_bounds(self.lengths)  # which need be none where there are no states
        for called, index, (low, high) in zip(self.problem.indices, state, bounds, strict=True):
            if not low <= index <= high:
                return f"{called} = {index} lies outside [{low}, {high}]"
        return None

    def _state(self, field: str, given, here) -> State:
        try:
            return tuple(int(evaluate(e, here)) for e in given)
        except ValueError as error:
            raise ValueError(f"`{field}` at {self._at(here)}: {error}") from error

    def _flag(self, field: str, given, here, quoted: bool = True) -> bool:
        try:
            value = evaluate(given, here)
        except ValueError as error:
            raise ValueError(f"`{field}` at {self._at(here)}: {error}") from error
        if value not in (0, 1):
            shown = f"`{field}`" if quoted else field
            raise ValueError(f"{shown} is no flag: it is {value} at {self._at(here)}; flags are 0 or 1")
        return value == 1

    def _at(self, here) -> str:
        return ", ".join(f"{called} = {value}" for called, value in here.items())

    def _names(self, state: State) -> dict[str, int]:
        return self.n | dict(zip(self.problem.indices, state, strict=True))

    def _spelled(self) -> str:
        """The order in which the states come, the last one of a long order after dots."""
        shown = list(map(str, self.visited))
        if len(shown) > SHOWN + 1:
            shown = [*shown[:SHOWN], "...", shown[-1]]
        return f", in the order {', '.join(shown)}" if shown else ""


def _states(count: int) -> str:
    return "1 state is" if count == 1 else f"{count} states are"
