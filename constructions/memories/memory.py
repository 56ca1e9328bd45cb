"""What every memory is: weights, and the encoding that its input needs."""

from dataclasses import dataclass

from constructions.attention import Attention
from constructions.encoding import VALUES, Encoding
from constructions.mamba import SSM, MambaBlock


@dataclass(frozen=True, eq=False)
class Memory:
    """A construction that copies: the value recorded at position pos(i) is to come out at step i.

    `name` is the module's name in tables, `keys` how it tells positions apart, `stated_error` the bound that its
    proof gives for |y_i - v_pos(i)| in real arithmetic (0: exact; None: the construction promises nothing).
    """

    name: str
    keys: str
    module: SSM | MambaBlock | Attention
    encoding: Encoding
    stated_error: float | None
    Delta: float = 1.0

    @property
    def d_h(self) -> int:
        """The number of states of a channel; for attention the dimension of a key."""
        if isinstance(self.module, Attention):
            return self.module.d_k
        return (self.module.ssm if isinstance(self.module, MambaBlock) else self.module).d_h


def values_only(memory: Memory) -> MambaBlock:
    """The layer of a memory as far as the output's value space needs it.  Raises ValueError unless its module is a
    full layer.
    """
    if not isinstance(memory.module, MambaBlock):
        raise ValueError(f"{memory.name} is an {type(memory.module).__name__}, not a full layer")
    return memory.module.restricted((VALUES,))
