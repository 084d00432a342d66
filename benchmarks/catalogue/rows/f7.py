"""F7: convolution, pooling, normalisation, residual blocks, embedding."""

from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.catalogue.oracles import case, distance
from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs, metrics
from pipeline import nn

ROW = Row(
    id="F7",
    name="Shared parameters: convolution, pooling, normalisation, residual blocks, embedding",
    sentence="Blocks for every model, and nets for images made of them, on 10,000 digits of MNIST (8,000 to "
    "train on, 1,000 to test)",
    source="LeCun et al. 1998; Ioffe & Szegedy 2015; Ba et al. 2016; He et al. 2016",
    stages=("model.cnn", "model.resnet"),
    functions=(
        "pipeline.nn.conv2d",
        "pipeline.nn.max_pool",
        "pipeline.nn.avg_pool",
        "pipeline.nn.batch_norm",
        "pipeline.nn.layer_norm",
        "pipeline.nn.residual",
        "pipeline.nn.embedding",
    ),
    dags=("images.yaml", "cnn.yaml"),
    bars={
        "values and gradients, furthest from PyTorch's": AtMost(1e-9),
        "MNIST, accuracy of a convolutional net": AtLeast(0.975),
        "MNIST, accuracy of a residual net": AtLeast(0.97),
    },
)
BLOCKS = "torch_blocks.npz"
UNITS = "torch_units.npz"


def figures(runs: Runs) -> Mapping[str, float]:
    """Return the blocks' distance from PyTorch's figures, and accuracies on MNIST."""
    digits = runs("images.yaml", digits__path=runs.data("mnist10k.npz"), sweep__space={"cnn.norm": ["batch"]})
    return {
        "values and gradients, furthest from PyTorch's": max(_distances()),
        "MNIST, accuracy of a convolutional net": metrics(digits, "of_cnn")["accuracy"],
        "MNIST, accuracy of a residual net": metrics(digits, "of_resnet")["accuracy"],
    }


def _distances() -> Iterator[float]:
    weights = {"w": "b.weights", "b": "b.bias"}
    for name, options in {
        "conv same": {},
        "conv even": {"kernel": 2},
        "conv valid": {"padding": "valid"},
        "conv stride": {"padding": "valid", "stride": 2},
    }.items():

        def convolve(net, x, options=options):
            return nn.conv2d(net, x, 3, name="b", **options)

        yield distance(case(BLOCKS, name), convolve, weights)
    yield distance(case(BLOCKS, "max pool"), lambda net, x: nn.max_pool(x, 2))
    yield distance(case(BLOCKS, "max pool stride"), lambda net, x: nn.max_pool(x, 3, 1))
    yield distance(case(BLOCKS, "avg pool"), lambda net, x: nn.avg_pool(x, 2))
    affine = {"scale": "b.scale", "shift": "b.shift"}
    yield distance(case(BLOCKS, "layer norm"), lambda net, x: nn.layer_norm(net, x, name="b"), affine)
    running = {**affine, "mean": "b.mean", "variance": "b.variance"}
    for name, training in {"batch norm": True, "batch norm prediction": False}.items():
        figures = case(UNITS, name)
        yield distance(figures, lambda net, x: nn.batch_norm(net, x, name="b"), running, training=training)
    kernels = {"w0": "b.conv0.weights", "w1": "b.conv1.weights"}
    yield distance(case(UNITS, "residual"), lambda net, x: nn.residual(net, x, 2, name="b"), kernels)
    wider = {**kernels, "w2": "b.shortcut.weights"}
    figures = case(UNITS, "residual wider")
    yield distance(figures, lambda net, x: nn.residual(net, x, 3, stride=2, name="b"), wider)
    rows = np.array([0, 2, 1, 2])
    table = {"table": "b.weights"}
    yield distance(case(BLOCKS, "embedding"), lambda net, x: nn.embedding(net, rows, 3, 2, name="b"), table)
