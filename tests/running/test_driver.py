"""Runs in one process: what is computed, kept, reused, recorded and told."""

from __future__ import annotations

import json

import pytest

from pipeline.api import load
from pipeline.results import Results
from pipeline.running.records import Records
from pipeline.running.start import Request, run_dag
from pipeline.running.store import Store


def test_a_run_trains_gathers_and_scores(small):
    results = small.run()
    assert set(small.states(results).values()) == {"done"}
    assert results.nodes["score"]["metrics"]["accuracy"] > 0.8
    assert [trial["label"] for trial in results.trials] == [
        "sgd.lr=0.1 seed=0",
        "sgd.lr=0.1 seed=1",
        "sgd.lr=0.2 seed=0",
        "sgd.lr=0.2 seed=1",
    ]
    assert (results.state, results.exit_code) == ("done", 0)


def test_a_second_run_computes_nothing_and_says_the_same(small):
    first, second = small.run(), small.run()
    assert set(small.states(second).values()) == {"cached"}
    assert [trial["metrics"] for trial in second.trials] == [trial["metrics"] for trial in first.trials]
    assert second.cached == 8


def test_another_value_in_the_grid_runs_only_what_is_new(small):
    first = small.run()
    second = small.run(small.file(rates="[0.1, 0.2, 0.4]"))
    fresh = [trial["label"] for trial in second.trials if trial["state"] == "done"]
    assert fresh == ["sgd.lr=0.4 seed=0", "sgd.lr=0.4 seed=1"]
    assert second.nodes["parts"]["state"] == "cached"
    assert small.weights(first).items() <= small.weights(second).items()


@pytest.mark.parametrize("width", [1, 3])
def test_weights_do_not_depend_on_how_trials_are_packed(small, tmp_path, width):
    dag, request = load(small.file()), Request(cluster="inline", backend="numpy", width=width)
    packed = Results(run_dag(dag, Store(tmp_path / "other"), request))
    assert small.weights(packed) == small.weights(small.run())


def test_the_best_by_validation_are_gathered(small):
    results = small.run()
    ranked = sorted(results.trials, key=lambda trial: trial["metrics"]["loss"])
    members = results.model("vote").members
    best = [results.model("fit", trial["id"]) for trial in ranked[:2]]
    for member, expected in zip(members, best, strict=True):
        assert all((member.parameters[name] == expected.parameters[name]).all() for name in member.parameters)


def test_an_ensemble_of_one_data_set_is_measured_on_its_validation_split(small):
    results = small.run()
    assert set(results.nodes["vote"]["metrics"]) == {"loss", "accuracy"}


def test_trials_have_the_metrics_of_their_own_nodes_and_not_of_what_gathers(small):
    own = "  own: {stage: evaluate.classification, inputs: {model: fit, data: parts}}"
    metrics = small.run(small.file(nodes=own)).trials[0]["metrics"]
    assert {"loss", "train_loss", "accuracy", "own.accuracy", "log_loss"} <= set(metrics)
    assert "score.accuracy" not in metrics


def test_the_record_has_the_run_its_trials_and_its_nodes(small):
    results = small.run()
    with Records(small.store.records) as records:
        assert records.run(results.run).state == "done"
        assert {trial.state for trial in records.trials(results.run)} == {"done"}
        rows = records.nodes(results.run)
        assert [row.node for row in rows] == ["points", "parts", "fit", "fit", "fit", "fit", "vote", "score"]
        assert all(records.components(row.key) for row in rows)
        assert rows[2].trials == ("t0001",)


def test_events_tell_of_the_run_its_nodes_and_epochs(small):
    events = []
    results = small.run(trackers=[events.append])
    names = [event.name for event in events]
    assert (names[0], names[-1]) == ("run_started", "run_ended")
    assert names.count("epoch_ended") == 2  # one cohort, two epochs
    assert {event.node for event in events if event.name == "node_ended"} == set(results.nodes)
    assert {event.run for event in events} == {results.run}
    assert events[0].data["nodes"]["fit"] == 4


def test_a_tracker_of_the_file_hears_of_the_run(small):
    path = small.folder / "events.jsonl"
    file = small.file()
    file.write_text(f"{file.read_text()}trackers: [{{stage: tracker.jsonl, options: {{path: {path}}}}}]\n")
    small.run(file)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[-1]["name"] == "run_ended"


def test_a_tracker_that_raises_is_told_nothing_more_and_the_run_goes_on(small):
    heard = []

    def fragile(event):
        heard.append(event.name)
        raise ValueError("no disk")

    with pytest.warns(RuntimeWarning, match=r"fragile failed at run_started .* no disk"):
        results = small.run(trackers=[fragile])
    assert (heard, results.state) == (["run_started"], "done")


def test_what_a_stage_prints_is_in_the_log_of_its_node(small, capsys):
    plugin = small.stage(
        "chatty",
        "from pipeline import transform\n"
        "@transform\n"
        "def chatty(data, rng):\n"
        '    """Say something."""\n'
        "    print('hello from a stage')\n"
        "    return data\n",
    )
    file = small.file(nodes="  loud: {stage: transform.chatty, inputs: {data: points}}", plugins=[plugin])
    file.write_text(
        file.read_text().replace(
            "transform.split, inputs: {data: points}", "transform.split, inputs: {data: loud}"
        )
    )
    results = small.run(file)
    with Records(small.store.records) as records:
        (row,) = records.nodes(results.run, "loud")
    assert "hello from a stage" in (small.store.root / row.log).read_text()
    assert "hello" not in capsys.readouterr().out
