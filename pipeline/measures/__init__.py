"""Measures of predictions, beside those of scikit-learn: for evaluate stages, on NumPy arrays."""

from pipeline.measures.calibration import expected_calibration_error, reliability
from pipeline.measures.classes import accuracy, auroc, brier, confusion, log_loss, macro_f1
from pipeline.measures.information import cross_entropy, entropy, kl_divergence
from pipeline.measures.intervals import bootstrap, wilson
from pipeline.measures.numbers import (
    absolute_error,
    bias,
    explained_variance,
    huber_error,
    median_error,
    quantile_error,
    r2,
    rms_error,
    share_below,
    squared_error,
)
from pipeline.measures.texts import bleu, perplexity

__all__ = [
    "absolute_error",
    "accuracy",
    "auroc",
    "bias",
    "bleu",
    "bootstrap",
    "brier",
    "confusion",
    "cross_entropy",
    "entropy",
    "expected_calibration_error",
    "explained_variance",
    "huber_error",
    "kl_divergence",
    "log_loss",
    "macro_f1",
    "median_error",
    "perplexity",
    "quantile_error",
    "r2",
    "reliability",
    "rms_error",
    "share_below",
    "squared_error",
    "wilson",
]
