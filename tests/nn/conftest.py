"""Blocks beside PyTorch's figures."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.stages.net import Net, bound

ORACLES = Path(__file__).parent.parent / "oracles"


@pytest.fixture(scope="session")
def case():
    """Return PyTorch's arrays of a case: inputs, `value`, and `d` before a name for a gradient."""

    def load(name, file="torch_blocks.npz"):
        with np.load(ORACLES / file) as arrays:
            prefix = f"{name}/"
            return {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}

    return load


@pytest.fixture
def agrees_with_torch(traced):
    """Check a block's value and gradients; `names` maps PyTorch's letters to the block's parameters."""

    def check(block, figures, **names):
        def f(**arrays):
            parameters = {
                f"block.{names[letter]}": array for letter, array in arrays.items() if letter in names
            }
            return block(Net(bound(parameters)), arrays.get("x"))

        letters = [name for name in figures if f"d{name}" in figures]
        value, slopes = traced(f, **{letter: figures[letter] for letter in letters})
        np.testing.assert_allclose(value, figures["value"], rtol=1e-9, atol=1e-12)
        for letter in letters:
            np.testing.assert_allclose(slopes[letter], figures[f"d{letter}"], rtol=1e-9, atol=1e-12)

    return check
