"""Predictions averaged over dropout's masks, beside one prediction by all units."""

from functools import partial
from typing import Literal

import numpy as np

from pipeline import DataError, evaluate, nn
from pipeline.options import Count, Natural, Probability


@evaluate
def monte_carlo(
    model,
    data,
    *,
    rate: Probability = 0.5,
    units: Literal["hidden", "inputs", "both"] = "hidden",
    samples: Count = 50,
    split: str = "test",
    seed: Natural = 0,
) -> dict[str, float]:
    """Average `samples` predictions, each with units dropped at `rate`, that of training, and measure both.

    `accuracy` and `log_loss` (nats), or `rmse`, are those of the average, `scaled_...` those of the
    weight-scaling rule, which uses every unit once.  `spread` is the mean standard deviation of the samples.
    Srivastava et al. 2014 (JMLR 15), section 7.5; Gal & Ghahramani 2016 (arXiv:1506.02142), equation 6.
    """
    inputs, (_, targets) = model.prepared(data, split), data.split(split)
    on = ("hidden", "inputs") if units == "both" else (units,)
    if units != "inputs" and not any(network.hidden(inputs[:1]) for network in model.networks):
        raise DataError(
            "the model marks no hidden units to drop\n    say `units: inputs`, or measure another model"
        )
    drop = partial(nn.dropout, rate=rate)
    drawn = np.stack([model.perturbed(inputs, drop, seed=seed + i, on=on) for i in range(samples)])
    measure = _classes if data.task == "classes" else _numbers
    averaged, scaled = measure(drawn.mean(axis=0), targets), measure(model.predict(inputs), targets)
    spread = {"spread": float(drawn.std(axis=0).mean())}
    return {**averaged, **{f"scaled_{name}": value for name, value in scaled.items()}, **spread}


def _classes(probabilities, labels):
    likely = np.maximum(probabilities[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)
    accuracy = np.mean(probabilities.argmax(axis=1) == labels)
    return {"accuracy": float(accuracy), "log_loss": float(-np.log(likely).mean())}


def _numbers(values, targets):
    return {"rmse": float(np.sqrt(np.mean(np.square(values - targets.reshape(values.shape)))))}
