import numpy as np
import pytest

from pipeline import OptionError
from pipeline.stages.net import eager
from pipeline.testing import check_stage
from plugins.model.multitask import multitask

X = np.random.default_rng(0).normal(size=(5, 3, 2))


def test_heads_stand_on_the_trunk_that_the_outputs_stand_on():
    net = eager(0)
    outputs = multitask(X, net, hidden=(4,), heads=("parity", "size"), widths=(2, 1), outputs=10)
    assert outputs.shape == (5, 10)
    assert {name: head.shape for name, head in net.heads.items()} == {"parity": (5, 2), "size": (5, 1)}
    (trunk,) = net.activations.values()
    weights = net.declared["head.parity.weights"].initial(0, "model")
    np.testing.assert_allclose(net.heads["parity"], trunk @ weights)


def test_each_head_needs_a_width():
    with pytest.raises(OptionError, match="2 heads, but 1 widths"):
        multitask(X, eager(0), heads=("a", "b"), widths=(1,), outputs=3)


def test_it_conforms():
    check_stage(multitask, options={"hidden": [5], "heads": ["one", "two"], "widths": [1, 3]})
