"""Measures of predictions, beside those of scikit-learn: for evaluate stages, on NumPy arrays."""

from pipeline.measures.calibration import expected_calibration_error, reliability
from pipeline.measures.classes import accuracy, auroc, brier, confusion, log_loss, macro_f1
from pipeline.measures.information import cross_entropy, entropy, kl_divergence
from pipeline.measures.intervals import bootstrap, wilson
from pipeline.measures.texts import bleu, perplexity

__all__ = [
    "accuracy",
    "auroc",
    "bleu",
    "bootstrap",
    "brier",
    "confusion",
    "cross_entropy",
    "entropy",
    "expected_calibration_error",
    "kl_divergence",
    "log_loss",
    "macro_f1",
    "perplexity",
    "reliability",
    "wilson",
]
