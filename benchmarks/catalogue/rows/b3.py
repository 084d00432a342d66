"""Anomaly detection."""

from benchmarks.catalogue.row import AtLeast, Row
from benchmarks.catalogue.runs import metrics

ROW = Row(
    id="B3",
    name="Anomaly detection by density and by reconstruction",
    sentence="Four digits, each never seen in training, are told from the other nine, and the steps "
    "at which a series of 7,501 is disturbed are where the score is highest.",
    source="Chandola et al. 2009; the series is number 135 of the UCR anomaly archive",
    bars={
        "worst AUROC of four digits, by reconstruction": AtLeast(0.9),
        "worst AUROC of four digits, by density": AtLeast(0.9),
        "share of starts in which the series' anomaly scores highest": AtLeast(1),
    },
    dags=("anomaly.yaml", "anomaly_series.yaml"),
    stages=("transform.leave_out", "evaluate.anomaly"),
)


def figures(runs):
    """Return the worst AUROC over digits, and whether the windows with the series' anomaly were found."""
    digits = runs("anomaly.yaml")
    series = runs(
        "anomaly_series.yaml",
        windows__path=runs.data("ts_small.npz"),
        windows__array="ucr_anomaly135_test_x",
        windows__anomaly=[4187, 4198],
        windows__train=1200,
    )
    return {
        "worst AUROC of four digits, by reconstruction": _worst(digits, "by_error"),
        "worst AUROC of four digits, by density": _worst(digits, "by_density"),
        "share of starts in which the series' anomaly scores highest": metrics(series, "find")["found"],
    }


def _worst(results, node):
    """Return a node's least AUROC; a trial has it under its plain name where that was free."""
    return min(
        trial["metrics"].get(f"{node}.auroc", trial["metrics"].get("auroc")) for trial in results.trials
    )
