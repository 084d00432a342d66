"""Stages that give NaN or print without end; a plugin that changes, and a clock that goes back."""

from __future__ import annotations

import time

import pipeline
from pipeline.running.records import Records
from tests.faults.conftest import failures, final

NAN_FOR_ONE = """
from pipeline import ops, regularizer

@regularizer
def odd(objective, *, weight: float = 0.0):
    \"\"\"Penalise the root of a weight, which may be below zero.\"\"\"
    for w in objective.weights:
        objective.add(ops.sqrt(weight) * ops.sum(w * w))
"""

NAN_DATA = """
import numpy as np
from pipeline import transform

@transform
def odd(data, rng):
    \"\"\"Divide zero by zero.\"\"\"
    with np.errstate(all="ignore"):
        return data.replace(inputs=data.inputs * np.float64(np.nan))
"""

NAN_METRIC = """
from pipeline import evaluate

@evaluate
def odd(model, data):
    \"\"\"Measure nothing.\"\"\"
    return {"nothing": float("nan")}
"""

PRINTS = """
from pipeline import Verdict, regularizer

def rule(history):
    for number in range(60):
        print(str(number % 10) * 1_000_000)
    return Verdict()

@regularizer
def odd(objective):
    \"\"\"Print sixty megabytes after each epoch.\"\"\"
    objective.after_epoch(rule)
"""


def with_regularizer(small, text, **changes):
    """Write the DAG with a regularizer `odd` of a local file."""
    return small.file(
        plugins=[small.stage("odd", text)],
        nodes="  odd: {stage: regularizer.odd}",
        ports=", regularizers: [odd]",
        **changes,
    )


def told_whole(small, row):
    """Tell whether a failure's record names trials, worker, cause and a log that is there."""
    error = row.error
    return (
        row.trials and error["worker"].startswith("inline-") and error["cause"] and small.store.root / row.log
    )


def test_a_trial_whose_loss_is_nan_fails_alone_and_is_told_whole(small, undisturbed):
    results = small.run(with_regularizer(small, NAN_FOR_ONE, space=", odd.weight: [0.0, -1.0]", gather="all"))
    rows = failures(small.store)
    assert {row.instance for row in rows} == {
        f"fit[sgd.lr={rate} odd.weight=-1 seed={seed}]" for rate in (0.1, 0.2) for seed in (0, 1)
    }
    for row in rows:
        assert row.error["cause"] == "stage"
        assert "odd" in row.error["message"] + row.error["hint"]
        assert "epoch 1" in row.error["message"] + row.error["hint"]
        assert row.instance in told_whole(small, row).read_text()
    kept = {name.replace(" odd.weight=0", ""): w for name, w in small.weights(results).items()}
    assert kept == undisturbed["weights"]


def test_data_that_a_transform_made_nan_are_refused_before_anything_trains_on_them(small):
    nodes = "  odd: {stage: transform.odd, inputs: {data: points}}"
    file = small.file(plugins=[small.stage("odd", NAN_DATA)], nodes=nodes)
    file.write_text(
        file.read_text().replace(
            "inputs: {data: points}, options: {val", "inputs: {data: odd}, options: {val"
        )
    )
    results = small.run(file)
    (row,) = failures(small.store)
    assert row.node == "odd"
    assert "NaN" in row.error["message"]
    assert "odd" in told_whole(small, row).read_text()
    assert {trial["state"] for trial in results.trials} == {"skipped"}


def test_a_measure_that_is_nan_fails_its_node_and_no_other(small, undisturbed):
    nodes = "  odd: {stage: evaluate.odd, inputs: {model: vote, data: parts}}"
    results = small.run(small.file(plugins=[small.stage("odd", NAN_METRIC)], nodes=nodes))
    (row,) = failures(small.store)
    assert (row.node, row.error["cause"]) == ("odd", "stage")
    assert "nothing" in row.error["message"]
    assert "nothing" in told_whole(small, row).read_text()
    assert small.weights(results) == undisturbed["weights"]
    assert results.nodes["score"]["metrics"] == undisturbed["score"]


def test_a_stage_that_prints_without_end_fills_no_disk_and_changes_no_result(small, undisturbed):
    results = small.run(with_regularizer(small, PRINTS))
    assert final(small, results) == undisturbed
    (log,) = small.store.logs.glob("*/fit-*.log")
    assert log.stat().st_size < 5_000_000
    assert "the log is full" in log.read_text()


def test_a_plugin_that_changes_between_a_run_and_its_resumption_counts_from_the_beginning(small):
    before = small.run(with_regularizer(small, PENALTY.format(0.1)))
    small.stage("odd", PENALTY.format(0.5))
    resumed = pipeline.resume(before.run, store=small.store, cluster="inline", backend="numpy")
    assert resumed.nodes["parts"]["state"] == "cached"
    assert resumed.nodes["fit"]["states"] == {"done": 4}
    clean = small.run(small.folder / "small.yaml", store=small.folder / "clean")
    assert final(small, resumed) == final(small, clean)
    assert small.weights(resumed) != small.weights(before)


PENALTY = '''
from pipeline import ops, regularizer

@regularizer
def odd(objective):
    """Penalise weights."""
    for weight in objective.weights:
        objective.add({} * ops.sum(weight * weight))
'''


def test_a_clock_that_is_set_back_while_a_run_trains_changes_nothing(small, undisturbed, monkeypatch):
    real = time.time

    def set_back(event):
        if event.name == "node_started" and event.node == "fit":
            monkeypatch.setattr(time, "time", lambda: real() - 86_400)

    first = small.run(trackers=[set_back])
    assert final(small, first) == undisturbed
    second = small.run()
    with Records(small.store.records, create=False) as records:
        assert [run.id for run in records.runs()] == [second.run, first.run]
        assert records.run("last").id == second.run
        assert all(run.seconds >= 0 for run in records.runs())
    assert second.nodes["fit"]["states"] == {"cached": 4}
