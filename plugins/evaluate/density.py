"""How likely a model of densities finds data."""

import numpy as np

from pipeline import evaluate
from pipeline.options import Natural


@evaluate
def density(
    model, data, *, split: str = "test", head: str = "log_density", components: Natural = 0
) -> dict[str, float]:
    """Measure `log_likelihood`, the mean log-density of a row in nats: the model's `head`.

    With `components`, `mixture` is that of a Gaussian mixture of as many components with full covariances,
    fitted to the train rows by scikit-learn: ten starts of expectation-maximisation.
    """
    inputs = model.prepared(data, split)
    measured = {"log_likelihood": _mean(model.head(head, inputs))}
    if components:
        measured["mixture"] = _mean(
            _mixture(model.prepared(data, "train"), components).score_samples(_flat(inputs))
        )
    return measured


def _mixture(train, components):
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(components, n_init=10, random_state=0, max_iter=1000).fit(_flat(train))


def _flat(inputs):
    return inputs.reshape(len(inputs), -1).astype(np.float64)


def _mean(values):
    return float(np.mean(values, dtype=np.float64))
