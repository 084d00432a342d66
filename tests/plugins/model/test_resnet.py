import numpy as np
import pytest

from pipeline import DataSet, ShapeError
from pipeline.stages.cohort import CohortSpec, Member, Part
from pipeline.stages.fit import train_cohort
from pipeline.stages.net import eager
from pipeline.testing import check_stage
from plugins.model.resnet import resnet

X = np.random.default_rng(0).standard_normal((3, 8, 6))
OPTIONS = {"channels": (2, 3), "outputs": 2}


def shapes(**options):
    net = eager()
    resnet(X, net, **{**OPTIONS, **options})
    return {name: parameter.shape for name, parameter in net.declared.items()}


def test_channels_change_between_groups_of_blocks_and_images_halve_there():
    net = eager()
    resnet(X, net, blocks=2, **OPTIONS)
    assert [h.shape for h in net.activations.values()] == [(3, 8, 6, 2)] * 2 + [(3, 4, 3, 3)] * 2


def test_only_blocks_that_change_the_shape_have_a_convolution_around_them():
    around = [name for name in shapes(blocks=2) if "shortcut.weights" in name]
    assert around == ["block1.0.shortcut.weights"]


def test_convolutions_that_are_normalised_over_the_batch_have_no_bias():
    assert [name for name in shapes() if name.endswith("bias")] == ["out.bias"]
    assert "stem.bias" in shapes(norm="none")


def test_predictions_of_a_row_do_not_depend_on_the_others():
    np.testing.assert_allclose(resnet(X, eager(), **OPTIONS)[:1], resnet(X[:1], eager(), **OPTIONS))


def test_in_training_running_means_move():
    net = eager(training=True)
    resnet(X, net, **OPTIONS)
    assert {"stem.mean", "block1.0.shortcut.variance"} <= net.updates.keys()


def test_a_table_is_refused():
    with pytest.raises(ShapeError, match=r"resnet works on images"):
        resnet(X.reshape(3, 48), eager(), **OPTIONS)


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_the_stage_conforms(norm):
    check_stage(resnet, options={"channels": [2, 3], "norm": norm})


def test_members_of_a_cohort_have_running_means_of_their_own_to_the_last_bit(registry):
    rng = np.random.default_rng(0)
    data = DataSet(rng.random((24, 6, 6)).astype("float32"), np.arange(24) % 2)

    def trained(*rates):
        parts = {
            "model": Part("net", "model.resnet", {"channels": [2]}),
            "optimizer": Part("sgd", "optimizer.sgd", {}),
        }
        members = [Member(str(rate), "k", 0, "data", {"sgd": {"lr": rate}}) for rate in rates]
        ports = {port: (part,) for port, part in parts.items()}
        train = Part("fit", "train.minibatch", {"epochs": 2, "batch_size": 8})
        return train_cohort(
            CohortSpec("fit", train, ports, tuple(members), "float32"), {"data": data}, registry
        )

    together = trained(0.01, 0.1, 0.3)
    (alone,) = trained(0.1)
    for name, array in alone.params.items():
        np.testing.assert_array_equal(array, together[1].params[name])
    assert not np.array_equal(together[0].params["block0.0.conv0.mean"], np.zeros(2))
    assert not np.array_equal(together[0].params["out.bias"], together[2].params["out.bias"])
