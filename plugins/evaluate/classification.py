"""Measures of a classifier."""

from typing import Literal

import numpy as np

from pipeline import DataError, evaluate

Metric = Literal["accuracy", "log_loss", "f1", "auroc", "ece"]


@evaluate
def classification(
    model,
    data,
    *,
    split: str = "test",
    metrics: tuple[Metric, ...] = ("accuracy", "log_loss", "f1", "auroc", "ece"),
) -> dict[str, float]:
    """Measure accuracy, log loss (nats), macro F1, one-against-rest AUROC, expected calibration error.

    AUROC is left out where the split lacks a class: it is undefined there.
    """
    if model.task != "classes" or data.task != "classes":
        raise DataError(
            f"classification measures classes; the model is for {model.task}, the data for {data.task}\n"
            "    use evaluate.regression for numbers"
        )
    _, labels = data.split(split)
    probabilities = model.predict_split(data, split).astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    measured = {name: MEASURES[name](labels, probabilities) for name in metrics}
    return {name: float(value) for name, value in measured.items() if value is not None}


def _accuracy(labels, probabilities):
    from sklearn.metrics import accuracy_score

    return accuracy_score(labels, probabilities.argmax(axis=1))


def _log_loss(labels, probabilities):
    from sklearn.metrics import log_loss

    return log_loss(labels, probabilities, labels=np.arange(probabilities.shape[1]))


def _f1(labels, probabilities):
    from sklearn.metrics import f1_score

    return f1_score(labels, probabilities.argmax(axis=1), average="macro", zero_division=0)


def _auroc(labels, probabilities):
    from sklearn.metrics import roc_auc_score

    classes = probabilities.shape[1]
    if len(np.unique(labels)) < classes:
        return None
    return roc_auc_score(labels, probabilities[:, 1] if classes == 2 else probabilities, multi_class="ovr")


def _ece(labels, probabilities, bins=15):
    """Return the mean gap between confidence and accuracy over bins of confidence.

    Guo et al. 2017 (arXiv:1706.04599), equation 3.
    """
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=confidence - correct, minlength=bins)
    return np.abs(gaps).sum() / len(labels)


MEASURES = {"accuracy": _accuracy, "log_loss": _log_loss, "f1": _f1, "auroc": _auroc, "ece": _ece}
