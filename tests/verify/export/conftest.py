"""What the tests of the exports share: random blocks, and the two other programs."""

import numpy as np
import pytest

from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, linear_map
from constructions.mamba import MambaBlock, mamba_block, selective_ssm
from verify.export import native

SHAPE = {"stream": 5, "inner": 7, "states": 3, "rank": 2}


def _random_block(seed: int) -> MambaBlock:
    """A block of Eq. 1-3 with everything that it may have: biases, D, and an A for each state and channel."""
    rng = np.random.default_rng(seed)
    spaces = {name: Layout((Space(name, 1, width),)) for name, width in SHAPE.items()}

    def drawn(domain: str, codomain: str) -> LinearMap:
        weights = rng.standard_normal((SHAPE[codomain], SHAPE[domain])) / np.sqrt(SHAPE[domain])
        return linear_map(spaces[domain], spaces[codomain], {(domain, codomain): Action(weights)})

    def constant() -> dict[str, np.ndarray]:
        return {"inner": rng.standard_normal(SHAPE["inner"])}

    ssm = selective_ssm(
        ("inner",),
        W_b=drawn("inner", "states"),
        W_c=drawn("inner", "states"),
        W_Delta1=drawn("inner", "rank"),
        W_Delta2=drawn("rank", "inner"),
        A={"inner": -rng.uniform(0.01, 1.5, (SHAPE["states"], SHAPE["inner"]))},
        D=constant(),
    )
    return mamba_block(
        drawn("stream", "inner"), constant(), drawn("stream", "inner"), constant(), drawn("inner", "stream"), ssm
    )


@pytest.fixture(scope="session")
def random_block():
    """seed -> a random block."""
    return _random_block


@pytest.fixture
def ours_known(monkeypatch):
    """Our own chains taken as right, where other programs are asked about: `test_check` runs and compares them."""
    monkeypatch.setattr(native, "generated", lambda _, text: list(text.chains))


@pytest.fixture(scope="session")
def extra():
    """The packages of the extra `hf`; a test that asks for them is skipped without."""
    for name in ("torch", "transformers", "safetensors"):
        pytest.importorskip(name)
    from verify.export.extra import torch, transformers

    return torch(), transformers()
