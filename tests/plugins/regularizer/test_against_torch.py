"""Five steps of a small net under each regularizer, from the same weights on the same data as in PyTorch."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.dataset import DataSet
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry

FIGURES = np.load(Path(__file__).parents[2] / "oracles" / "torch_regularizers.npz")
STAGES = Registry(local=[Path(__file__).parent / "start_stages.py"])
SGD = ("optimizer.sgd", {"lr": 0.1, "momentum": 0.9})
ADAM = ("optimizer.adam", {"lr": 0.05})
BOTH = ["hidden0.weights", "out.weights"]
CASES = {
    "l2": (SGD, ("regularizer.l2", {"strength": 0.3, "only": "hidden0.*"})),
    "l1": (SGD, ("regularizer.l1", {"strength": 0.2, "only": "out.weights"})),
    "decay": (ADAM, ("regularizer.decay", {"strength": 0.7})),
    "decay hidden": (ADAM, ("regularizer.decay", {"strength": 0.7, "only": "hidden*"})),
    "max norm": (SGD, ("regularizer.max_norm", {"limit": 0.8, "only": "hidden0.*"})),
    "sharing": (SGD, ("regularizer.sharing", {"strength": 0.3, "between": BOTH})),
    "sparsity l1": (SGD, ("regularizer.sparsity", {"strength": 0.5})),
    "sparsity kl": (SGD, ("regularizer.sparsity", {"strength": 0.5, "by": "kl", "target": 0.1})),
    "smoothing": (SGD, ("regularizer.label_smoothing", {"rate": 0.2})),
}


def trained(optimizer, *regularizers, targets=FIGURES["y"]):
    def part(ref, options):
        return Part(ref.replace(".", "_"), ref, STAGES.stage(ref).check(options))

    spec = CohortSpec(
        "fit",
        part("train.from_start", {"start": FIGURES["start"].tolist()}),
        {
            "model": (part("model.mlp", {"hidden": [5], "activation": "sigmoid"}),),
            "optimizer": (part(*optimizer),),
            "regularizers": tuple(part(*one) for one in regularizers),
        },
        (Member("t", "k", 0, "data", {}),),
        "float64",
    )
    (result,) = train_cohort(spec, {"data": DataSet(FIGURES["x"], targets)}, STAGES)
    return np.concatenate([values.ravel() for values in result.params.values()])


@pytest.mark.parametrize("case", CASES)
def test_weights_after_five_steps_are_those_of_pytorch(case):
    optimizer, regularizer = CASES[case]
    targets = FIGURES["labels"] if case == "smoothing" else FIGURES["y"]
    found = trained(optimizer, regularizer, targets=targets)
    # torch.renorm adds 1e-7 to the norm
    tolerance = {"atol": 1e-6} if case == "max norm" else {"rtol": 1e-9}
    np.testing.assert_allclose(found, FIGURES[case][-1], **tolerance)
    assert np.abs(found - trained(optimizer, targets=targets)).max() > 1e-2, "it does nothing"
