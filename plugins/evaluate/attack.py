"""Attacks on a classifier: small changes of its inputs that make it err."""

from typing import Literal

import numpy as np

from pipeline import DataError, evaluate, exhibits
from pipeline.options import Count, Natural, NonNegative

SHOWN = 20


@evaluate
def attack(
    model,
    data,
    *,
    method: Literal["fgsm", "pgd"] = "fgsm",
    epsilon: NonNegative = 0.1,
    norm: Literal["max", "euclidean"] = "max",
    steps: Count = 10,
    split: str = "test",
    rows: Natural = 0,
    transfer: bool = False,
):
    """Measure the share of errors on inputs as they are, and moved by up to `epsilon` against the model.

    `fgsm` takes one step up the loss: Goodfellow et al. 2015 (arXiv:1412.6572), equation 1 for the norm
    max.  `pgd` takes `steps` of 2.5·epsilon/steps, each brought back into the ball around the input: Madry et
    al. 2018 (arXiv:1706.06083), without a random start.  Inputs are prepared ones and stay in the range that
    they have; `rows` of the split are attacked, 0 for all.  With `transfer` each network of a committee is
    attacked too, and the others measured on what was made against it (Szegedy et al. 2014).
    """
    x, labels = _examples(model, data, split, rows)
    move = _Move(epsilon, norm, 1 if method == "fgsm" else steps, x.min(), x.max())
    moved = move.against(model, x, labels)
    measured = {"clean_error": _error(model, x, labels), "error": _error(model, moved, labels)}
    if transfer:
        measured |= _transferred(model.networks, move, x, labels)
    return {**measured, **_shown(model, data, moved, labels)}


class _Move:
    """Moves inputs up a model's loss: `steps` in a ball of `epsilon`, all values from `low` to `high`."""

    def __init__(self, epsilon, norm, steps, low, high):
        self.epsilon, self.norm, self.steps, self.low, self.high = epsilon, norm, steps, low, high

    def against(self, model, x, labels):
        slope = model.input_gradient()
        length = self.epsilon if self.steps == 1 else 2.5 * self.epsilon / self.steps
        moved = x
        for _ in range(self.steps):
            change = moved + length * self._unit(slope(moved, labels)) - x
            moved = np.clip(x + self._inside(change), self.low, self.high)
        return moved.astype(x.dtype, copy=False)

    def _unit(self, g):
        return np.sign(g) if self.norm == "max" else g / np.maximum(_lengths(g), np.finfo(g.dtype).tiny)

    def _inside(self, change):
        if self.norm == "max":
            return np.clip(change, -self.epsilon, self.epsilon)
        far = np.maximum(_lengths(change), np.finfo(change.dtype).tiny)
        return change * np.minimum(1, self.epsilon / far)


def _lengths(rows):
    """Return each row's Euclidean length, (rows, 1, ...)."""
    flat = np.linalg.norm(rows.reshape(len(rows), -1), axis=1)
    return flat.reshape(-1, *(1,) * (rows.ndim - 1))


def _examples(model, data, split, rows):
    if model.task != "classes" or data.task != "classes":
        raise DataError(
            f"an attack changes classes; the model is for {model.task}, the data for {data.task}\n"
            "    use a classifier on data of classes"
        )
    x, labels = model.prepared(data, split), data.split(split)[1]
    return (x[:rows], labels[:rows]) if rows else (x, labels)


def _error(model, x, labels):
    return float((model.predict(x).argmax(axis=1) != labels).mean())


def _transferred(networks, move, x, labels):
    """Return the mean errors of networks on what was made against themselves, and against another one."""
    if len(networks) < 2:
        raise DataError(
            "attacks transfer from one network to others, and the model is one\n"
            "    give an ensemble of several, or leave `transfer` out"
        )
    made = [move.against(network, x, labels) for network in networks]
    errors = np.array([[_error(network, moved, labels) for network in networks] for moved in made])
    others = ~np.eye(len(networks), dtype=bool)
    numbers = [f"network {i}" for i in range(len(networks))]
    return {
        "own_error": float(np.diag(errors).mean()),
        "transferred_error": float(errors[others].mean()),
        "transfer": exhibits.Table(
            ("made against", *numbers),
            [(name, *map(float, row)) for name, row in zip(numbers, errors, strict=True)],
            caption="Errors of each network (columns) on inputs made against another (rows)",
        ),
    }


def _shown(model, data, moved, labels):
    if moved.ndim != 3:
        return {}
    some = moved[:SHOWN]
    said = [data.classes[i] for i in model.predict(some).argmax(axis=1)]
    texts = [f"{data.classes[label]}: {name}" for label, name in zip(labels[:SHOWN], said, strict=True)]
    return {"attacked": exhibits.Images(some, caption="Attacked inputs, class: said class", labels=texts)}
