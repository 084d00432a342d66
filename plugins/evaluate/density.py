"""How likely a model of densities finds data."""

from typing import Literal

import numpy as np

from pipeline import DataError, evaluate
from pipeline.options import Count, NonNegative


@evaluate
def density(
    model,
    data,
    *,
    split: str = "test",
    head: str = "log_density",
    against: tuple[Literal["mixture", "independent"], ...] = (),
    components: Count = 3,
    ridge: NonNegative = 1e-6,
) -> dict[str, float]:
    """Measure `log_likelihood`, the mean log-density of a row in nats: the model's `head`.

    Beside it those of models of the train rows: `mixture`, `components` Gaussians with full covariances, by
    scikit-learn (ten starts of expectation-maximisation, `ridge` added to variances); `independent`, for
    inputs of 0 and 1, each by itself with the share of ones that it has.
    """
    inputs = model.prepared(data, split)
    measured = {"log_likelihood": _mean(model.head(head, inputs))}
    train = _flat(model.prepared(data, "train")) if against else None
    for name in against:
        measured[name] = _mean(
            _mixture(train, _flat(inputs), components, ridge)
            if name == "mixture"
            else _independent(train, _flat(inputs))
        )
    return measured


def _mixture(train, rows, components, ridge):
    from sklearn.mixture import GaussianMixture

    found = GaussianMixture(components, reg_covar=ridge, n_init=10, random_state=0, max_iter=1000)
    return found.fit(train).score_samples(rows)


def _independent(train, rows):
    if not np.isin(train, (0, 1)).all():
        raise DataError("`independent` is for inputs of 0 and 1\n    put transform.binarize before training")
    # Laplace's rule: a pixel that is always off in the train rows may be on elsewhere
    ones = (train.sum(axis=0) + 1) / (len(train) + 2)
    return (rows * np.log(ones) + (1 - rows) * np.log1p(-ones)).sum(axis=1)


def _flat(inputs):
    return inputs.reshape(len(inputs), -1).astype(np.float64)


def _mean(values):
    return float(np.mean(values, dtype=np.float64))
