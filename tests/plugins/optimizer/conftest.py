import json
from pathlib import Path

import numpy as np
import pytest

ORACLES = Path(__file__).parents[2] / "oracles"


@pytest.fixture(scope="session")
def figures():
    both = [json.loads((ORACLES / name).read_text()) for name in ("torch_steps.json", "torch_training.json")]
    cases = {name: case for figures in both for name, case in figures["optimizers"].items()}
    return {**both[0], "optimizers": cases}


@pytest.fixture(scope="session")
def follows_torch(figures):
    """Check that an optimizer's weights stay PyTorch's over 50 steps, with the options of `case`."""

    def check(optimizer, case):
        figure = figures["optimizers"][case]
        assert figure["stage"] == optimizer.__name__
        w, state, path = np.array(figures["start"]), None, []
        for t in range(1, max(figures["kept"]) + 1):
            w, state = optimizer(w, w + np.sin(3 * w) + 0.25, state, t, **figure["options"])
            path.append(w)
        kept = [path[step - 1] for step in figures["kept"]]
        np.testing.assert_allclose(kept, figure["path"], rtol=1e-9, atol=1e-12)

    return check
