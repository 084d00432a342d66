from pathlib import Path

import numpy as np
import pytest

FIGURES = Path(__file__).parents[2] / "oracles" / "torch_blocks.npz"


@pytest.fixture(scope="session")
def torch_loss():
    """Return PyTorch's x, y, value and the gradient dx of Σ sin(value), by loss."""
    with np.load(FIGURES) as arrays:
        return {loss: _case(arrays, loss) for loss in ("softmax", "bernoulli", "gaussian")}


def _case(arrays, case):
    return {name.removeprefix(f"{case}/"): arrays[name] for name in arrays if name.startswith(f"{case}/")}
