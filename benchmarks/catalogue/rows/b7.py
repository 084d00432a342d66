"""B7: measures and their intervals."""

from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.catalogue.row import AtLeast, AtMost, Row
from benchmarks.catalogue.runs import Runs
from benchmarks.catalogue.runs import metrics as measured
from pipeline import measures

ROW = Row(
    id="B7",
    name="Measures",
    sentence="Accuracy, log-probability, perplexity, F1, AUROC, calibration, Brier score, confusion; squared,"
    " absolute, Huber's and quantiles' errors, R²; BLEU; each with an interval (by Wilson, by a bootstrap)",
    source="Brier 1950; Hanley & McNeil 1982; Guo et al. 2017; Papineni et al. 2002; Wilson 1927; Efron 1979",
    stages=("evaluate.classification", "evaluate.regression"),
    functions=(
        "pipeline.measures.wilson",
        "pipeline.measures.bootstrap",
        "pipeline.measures.expected_calibration_error",
        "pipeline.measures.perplexity",
        "pipeline.measures.bleu",
    ),
    dags=("measures.yaml",),
    bars={
        "furthest from scikit-learn's and SciPy's": AtMost(1e-9),
        "BLEU, off sacrebleu's by": AtMost(1e-9),
        "share of intervals of 95 % that hold the truth": AtLeast(0.92),
        "digits: width of the accuracy's interval": AtMost(0.05),
    },
)
SAMPLES = 300  # of 200 rows, each with an interval of its mean


def figures(runs: Runs) -> Mapping[str, float]:
    """Return distances from libraries, and how often intervals hold what they should."""
    digits = measured(runs("measures.yaml"), "of_judge")
    return {
        "furthest from scikit-learn's and SciPy's": max((*_of_classes(), *_of_numbers())),
        "BLEU, off sacrebleu's by": _bleu(),
        "share of intervals of 95 % that hold the truth": _held(),
        "digits: width of the accuracy's interval": digits["accuracy_high"] - digits["accuracy_low"],
    }


def _of_classes() -> Iterator[float]:
    from scipy.stats import binomtest
    from sklearn import metrics

    for classes in (2, 5):
        rng = np.random.default_rng(classes)
        p, labels = rng.dirichlet(np.ones(classes), 500), rng.integers(0, classes, 500)
        likeliest, score = p.argmax(axis=1), p[:, 1] if classes == 2 else p
        yield abs(measures.accuracy(labels, p) - metrics.accuracy_score(labels, likeliest))
        yield abs(measures.log_loss(labels, p) - metrics.log_loss(labels, p))
        yield abs(measures.macro_f1(labels, p) - metrics.f1_score(labels, likeliest, average="macro"))
        auroc = measures.auroc(labels, p)
        assert auroc is not None
        yield abs(auroc - metrics.roc_auc_score(labels, score, multi_class="ovr"))
        yield abs(measures.confusion(labels, p) - metrics.confusion_matrix(labels, likeliest)).max()
    interval = binomtest(480, 500).proportion_ci(0.95, method="wilson")
    yield float(np.abs(np.subtract(measures.wilson(480, 500), interval)).max())


def _of_numbers() -> Iterator[float]:
    from scipy.special import huber
    from sklearn import metrics

    rng = np.random.default_rng(0)
    targets, values = rng.standard_normal((200, 2)), rng.standard_normal((200, 2))
    pairs = {
        measures.squared_error: metrics.mean_squared_error,
        measures.rms_error: metrics.root_mean_squared_error,
        measures.absolute_error: metrics.mean_absolute_error,
        measures.median_error: metrics.median_absolute_error,
        measures.r2: metrics.r2_score,
        measures.explained_variance: metrics.explained_variance_score,
    }
    for ours, theirs in pairs.items():
        yield abs(ours(targets, values) - theirs(targets, values))
    pinball = metrics.mean_pinball_loss(targets, values, alpha=0.2)
    yield abs(measures.quantile_error(targets, values, level=0.2) - pinball)
    yield abs(measures.huber_error(targets, values, delta=0.5) - huber(0.5, targets - values).mean())


def _bleu() -> float:
    import sacrebleu

    texts = ["the cat sat on a mat", "he read the book, because he likes it."]
    references = ["the cat sat on the mat", "he read the book because it interested him"]
    return abs(measures.bleu(texts, references) - sacrebleu.corpus_bleu(texts, [references]).score)


def _held() -> float:
    """Return how many intervals of means and of shares hold the mean and the share of all."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(SAMPLES):
        low, high = measures.bootstrap(np.mean, rng.exponential(size=200), resamples=500)
        held += low <= 1 <= high
        low, high = measures.wilson(rng.binomial(200, 0.95), 200)
        held += low <= 0.95 <= high
    return held / (2 * SAMPLES)
