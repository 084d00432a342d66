from pathlib import Path

import numpy as np
import pytest

from pipeline import DataSet
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort

ORACLES = Path(__file__).parents[2] / "oracles"


@pytest.fixture(scope="session")
def torch_loss():
    """Return PyTorch's x, y, value and the gradient dx of Σ sin(value), by loss."""
    cases = {}
    for file in ("torch_blocks.npz", "torch_units.npz"):
        with np.load(ORACLES / file) as arrays:
            for key in arrays:
                case, name = key.split("/")
                cases.setdefault(case, {})[name] = arrays[key]
    return cases


@pytest.fixture(scope="session")
def skewed():
    """Log-normal numbers y = exp(x + z/2), z normal: the median is exp(x), the mean e^(1/8) times that."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (4000, 1))
    return DataSet(x, np.exp(x[:, 0] + 0.5 * rng.standard_normal(4000)))


@pytest.fixture(scope="session")
def predicted(registry):
    """Return what a small net, trained by `loss` with each of `options`, predicts at -0.5, 0 and 0.5."""

    def run(data, ref, *options, epochs=30):
        given = {
            "model": Part("net", "model.mlp", {"hidden": [16], "activation": "tanh"}),
            "loss": Part("loss", ref, options[0] if options else {}),
            "optimizer": Part("adam", "optimizer.adam", {"lr": 0.02}),
            "schedule": Part("cool", "schedule.cosine", {}),
        }
        train = Part("fit", "train.minibatch", {"epochs": epochs, "batch_size": 100})
        members = [
            Member(str(i), str(i), 0, "data", {"loss": each}) for i, each in enumerate(options or ({},))
        ]
        ports = {port: (part,) for port, part in given.items()}
        results = train_cohort(
            CohortSpec("fit", train, ports, tuple(members), "float32"), {"data": data}, registry
        )
        places = np.array([[-0.5], [0.0], [0.5]], np.float32)
        found = [result.network.predict(places)[:, 0] for result in results]
        return found if len(found) > 1 else found[0]

    return run
