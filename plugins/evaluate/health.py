"""What ails a trained network."""

import numpy as np

from pipeline import evaluate, exhibits
from pipeline.options import Count, Positive

LEAST = 1e-30  # stands for a gradient of 0 on a logarithmic scale


@evaluate
def health(model, data, *, split: str = "train", rows: Count = 512, lr: Positive = 0.01):
    """Count dead and saturated units; measure the gradient by layer, and a step of `lr` beside the weights.

    Over the first `rows` of the split.  A dead unit says the same to every row; a saturated one is within
    1 % of a bound of sigmoid or tanh for nine rows in ten.  `gradient_ratio` is the first layer's gradient
    norm by the last's: near 0 it vanishes on the way.  Of several networks numbers are means.
    """
    found = model.health(data, split, rows)
    return {
        **{name: float(np.mean(values)) for name, values in _numbers(found, lr).items()},
        "layers": _table(found[0], lr),
        "gradients": _curve(found),
    }


def _numbers(found, lr):
    ends = [_ends(each) for each in found]
    return {
        "units": [each.count for each in found],
        "dead_units": [each.dead for each in found],
        "saturated_units": [each.saturated for each in found],
        "gradient_first": [first for first, _ in ends],
        "gradient_last": [last for _, last in ends],
        "gradient_ratio": [first / max(last, LEAST) for first, last in ends],
        "update_ratio": [max(_update(layer, lr) for layer in each.layers.values()) for each in found],
    }


def _ends(health):
    first, *_ = health.layers.values()
    *_, last = health.layers.values()
    return first.gradient, last.gradient


def _update(layer, lr):
    """Return the size of a plain gradient step, relative to the weights'; 0 of weights that are 0."""
    return lr * layer.gradient / layer.weights if layer.weights else 0.0


def _table(health, lr):
    columns = ("layer", "weights", "gradient", "a step, of the weights")
    rows = [(name, one.weights, one.gradient, _update(one, lr)) for name, one in health.layers.items()]
    return exhibits.Table(columns, rows, caption="Euclidean norms by weight matrix")


def _curve(found):
    """Draw the networks' gradients from the first layer to the last, as far as they have as many layers."""
    layers = len(found[0].layers)
    alike = [each for each in found if len(each.layers) == layers]
    series = {
        f"network {number}": [np.log10(max(one.gradient, LEAST)) for one in each.layers.values()]
        for number, each in enumerate(alike, 1)
    }
    return exhibits.Lines(
        np.arange(1, layers + 1), series, "Gradient by layer", "layer", "log10 of the gradient's norm"
    )
