"""`explain` says why a node ran or was cached, by what its keys were made of."""

from dataclasses import replace

import pytest

from pipeline.errors import UserError
from pipeline.running.keys import StageIdentity, components, content_key
from pipeline.running.records import NodeRow, Records, TrialRow
from pipeline.running.why import explain

CODE = {"plugins/train/minibatch.py": "f" * 64}
FIT = StageIdentity("fit", "train.minibatch", "plait", "0.1.0", CODE)
ADAM = StageIdentity(
    "adam", "optimizer.adam", "plait", "0.1.0", {"plugins/optimizer/adam.py": "a"}, "optimizer"
)
LION = StageIdentity("lion", "optimizer.lion", "lions", "1.0", {"lion_plugin.py": "b"}, "optimizer")
L2 = StageIdentity(
    "decay", "regularizer.l2", "plait", "0.1.0", {"plugins/regularizer/l2.py": "c"}, "regularizers"
)
BASE = {
    "stage": FIT,
    "options": {"fit": {"epochs": 3, "clip": None}, "adam": {"lr": 0.1}, "decay": {"strength": 0.0}},
    "inputs": {"data": ["01"]},
    "seed": 7,
    "dtype": "float32",
    "backend": "numpy",
    "parts": [ADAM, L2],
}


@pytest.fixture
def records(tmp_path):
    with Records(tmp_path / "records.sqlite") as records:
        yield records


def enter(records, *instances, state="done", name="digits", data="parts"):
    """Enter a run of the node `fit`: an instance for each pair of settings and changes of BASE."""
    run = records.start_run(name)
    records.add_nodes([NodeRow(run, f"{data}@0", data, "transform", (), "01", "done")])
    for number, (settings, changes) in enumerate(instances or [({}, {})]):
        made = components(**{**BASE, **changes})
        key = content_key(made)
        records.add_components([(key, made)])
        seed = settings.get("seed", 7)
        trial = {name: value for name, value in settings.items() if name != "seed"}
        records.add_trials([TrialRow(run, f"t{number}", "", trial, seed)])
        records.add_nodes([NodeRow(run, f"fit@{number}", "fit", "train", (f"t{number}",), key, state)])
    return run


def reasons(records, run, node="fit"):
    return [str(difference).replace(run, "RUN") for difference in explain(records, run, node)]


def options(node, **values):
    return {"options": {**BASE["options"], node: {**BASE["options"][node], **values}}}


def test_the_first_run_of_a_dag(records):
    run = enter(records)
    assert reasons(records, run) == ["first time: no earlier run of this DAG made it"]
    other = enter(records, name="moons", state="cached")
    assert reasons(records, other) == [
        "first time: no earlier run of this DAG made it",
        f"cached: the store had this result from run {run}",
    ]


CHANGES = [
    (options("adam", lr=0.3), "option adam.lr changed: 0.1 -> 0.3"),
    (options("fit", clip=1.5), "option fit.clip changed: None -> 1.5"),
    ({"seed": 8}, "seed changed: 7 -> 8"),
    ({"dtype": "float64"}, "dtype changed: float32 -> float64"),
    ({"backend": "cupy"}, "backend changed: numpy -> cupy"),
    (
        {"stage": replace(FIT, code={"plugins/train/minibatch.py": "e"})},
        "code changed in plugins/train/minibatch.py",
    ),
    ({"stage": replace(FIT, code={**CODE, "plugins/new.py": "e"})}, "code file plugins/new.py is new"),
    ({"parts": [replace(ADAM, code={}), L2]}, "code file plugins/optimizer/adam.py is gone"),
    ({"parts": [ADAM]}, "part decay (regularizers) is gone (regularizer.l2)"),
    ({"parts": [L2, ADAM]}, "part order changed: adam (optimizer), decay (regularizers) -> "),
    (
        {"parts": [replace(ADAM, stage="optimizer.sgd"), L2]},
        "part adam (optimizer) changed: optimizer.adam -> optimizer.sgd",
    ),
    ({"inputs": {"data": ["02"]}}, "input data changed: parts -> 02"),
    ({"inputs": {"data": ["01"], "more": ["01", "01"]}}, "input more is new (2 of parts)"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_one_change_is_the_one_reason(records, change, reason):
    enter(records)
    (found,) = reasons(records, enter(records, ({}, change)))
    assert found.startswith(reason)


def test_a_part_of_another_distribution_that_changed_its_version(records):
    lions = {"parts": [LION], "options": {"lion": {}}}
    enter(records, ({}, lions))
    newer = {"parts": [replace(LION, version="1.1")], "options": {"lion": {}}}
    assert reasons(records, enter(records, ({}, newer))) == ["version of lions changed: 1.0 -> 1.1"]


def test_a_new_version_of_plait_is_said_once(records, monkeypatch):
    enter(records)
    monkeypatch.setattr("pipeline.__version__", "0.2.0")
    newer = {"stage": replace(FIT, version="0.2.0"), "parts": [replace(ADAM, version="0.2.0"), L2]}
    assert reasons(records, enter(records, ({}, newer))) == ["version of plait changed: 0.1.0 -> 0.2.0"]


def test_an_input_whose_own_result_changed_names_its_node(records):
    enter(records)
    run = records.start_run("digits")
    made = components(**{**BASE, "inputs": {"data": ["02"]}})
    records.add_components([(content_key(made), made)])
    records.add_nodes(
        [
            NodeRow(run, "parts@0", "parts", "transform", (), "02", "done"),
            NodeRow(run, "fit@0", "fit", "train", (), content_key(made), "done"),
        ]
    )
    assert reasons(records, run) == ["input data is another result of parts: ask why parts changed"]


def test_a_data_file_with_other_content(records, tmp_path):
    table = tmp_path / "table.csv"
    stage = {"stage": replace(FIT, stage="data.csv"), "options": {"fit": {"path": str(table)}}, "parts": []}
    table.write_text("a\n1\n")
    enter(records, ({}, stage))
    table.write_text("a\n2\n")
    assert reasons(records, enter(records, ({}, stage))) == [f"data file {table} has other content"]


def test_data_from_python_that_are_others(records):
    enter(records)
    for key in ("0a", "0b"):
        run = records.start_run("digits")
        records.add_components([(key, {"shared": {"node": "table", "given": key}})])
        records.add_nodes([NodeRow(run, "table@0", "table", "data", (), key, "done")])
    assert reasons(records, run, "table") == ["the data handed over from Python are others"]


def test_all_changes_are_said(records):
    enter(records)
    changes = {**options("adam", lr=0.3), "seed": 1}
    assert reasons(records, enter(records, ({}, changes))) == [
        "option adam.lr changed: 0.1 -> 0.3",
        "seed changed: 7 -> 1",
    ]


def test_nothing_changed(records):
    first = enter(records)
    assert reasons(records, enter(records, state="cached")) == [f"cached: nothing changed since run {first}"]


def test_a_result_that_was_lost(records):
    first = enter(records)
    lost = (
        f"nothing changed since run {first}, but it was asked for again (--from), or its result was missing "
        "or damaged in the store"
    )
    assert reasons(records, enter(records)) == [lost]


def test_a_setting_that_another_run_made_between_is_not_called_new(records):
    first = enter(records, ({"adam.lr": 0.1}, {}), ({"adam.lr": 0.2}, options("adam", lr=0.2)))
    enter(records, ({"adam.lr": 0.3}, options("adam", lr=0.3)))
    again = enter(records, ({"adam.lr": 0.1}, {}), ({"adam.lr": 0.2}, options("adam", lr=0.2)))
    (reason,) = reasons(records, again)
    assert reason.startswith(f"nothing changed since run {first}, but it was asked for again (--from)")


def test_an_earlier_choice_that_comes_back_is_cached_from_the_run_that_made_it(records):
    first = enter(records)
    enter(records, ({}, options("adam", lr=0.3)))
    assert reasons(records, enter(records, state="cached")) == [
        "option adam.lr changed: 0.3 -> 0.1",
        f"cached: the store had this result from run {first}",
    ]


def test_a_node_that_was_not_reached(records):
    enter(records)
    assert reasons(records, enter(records, state="skipped")) == ["not made: skipped"]


def test_runs_in_which_the_node_failed_are_not_compared_with(records):
    good = enter(records)
    enter(records, ({}, options("adam", lr=5.0)), state="failed")
    assert reasons(records, enter(records, state="cached")) == [f"cached: nothing changed since run {good}"]


def sweep(rates, seeds=(1, 2), **changes):
    return [
        ({"adam.lr": rate, "seed": seed}, {**options("adam", lr=rate), "seed": seed, **changes})
        for rate in rates
        for seed in seeds
    ]


def test_values_added_to_a_grid_are_the_only_new_ones(records):
    first = enter(records, *sweep([0.1, 0.2]))
    run = enter(records, *sweep([0.1, 0.2, 0.4]))
    new = f"first time: not in run {first} [adam.lr=0.4 seed=1; adam.lr=0.4 seed=2]"
    assert reasons(records, run)[1:] == [new]


def test_instances_are_compared_with_those_of_the_same_settings(records):
    enter(records, *sweep([0.1, 0.2]))
    run = enter(records, *reversed(sweep([0.1, 0.2], dtype="float64")))
    assert reasons(records, run) == ["dtype changed: float32 -> float64"]


def test_a_reason_of_some_instances_names_them(records):
    enter(records, *sweep([0.1, 0.2, 0.3, 0.4]))
    changed = sweep([0.1, 0.2, 0.3, 0.4])
    changed[1:] = [(settings, {**changes, "dtype": "float64"}) for settings, changes in changed[1:]]
    found = [reason for reason in reasons(records, enter(records, *changed)) if "dtype" in reason]
    named = "[adam.lr=0.1 seed=2; adam.lr=0.2 seed=1; adam.lr=0.2 seed=2 and 4 more]"
    assert found == [f"dtype changed: float32 -> float64 {named}"]


def test_shared_instances_are_compared_by_what_their_trials_have_in_common(records):
    for dtype, rates in (("float32", [0.1, 0.2]), ("float64", [0.05, 0.1, 0.2])):
        run = records.start_run("digits")
        for seed in (1, 2):
            trials = [TrialRow(run, f"{rate} {seed}", "", {"adam.lr": rate}, seed) for rate in rates]
            made = components(**{**BASE, "dtype": dtype, "seed": seed})
            records.add_components([(content_key(made), made)])
            ids = tuple(trial.id for trial in trials)
            records.add_trials(trials)
            records.add_nodes([NodeRow(run, f"fit@{seed}", "fit", "train", ids, content_key(made), "done")])
    assert reasons(records, run) == ["dtype changed: float32 -> float64"]


def test_an_instance_of_the_same_key_is_the_same_whatever_its_settings(records):
    first = enter(records)
    run = enter(records, ({"seed": 7, "adam.lr": 0.1}, {}), ({"seed": 8}, {"seed": 8}), state="cached")
    assert reasons(records, run)[0] == f"cached: nothing changed since run {first} [adam.lr=0.1 seed=7]"


def test_an_unknown_node_is_said_with_the_nearest(records):
    run = enter(records)
    with pytest.raises(UserError, match=r"has no node 'fits'; it has parts, fit\n    did you mean 'fit'\?"):
        explain(records, run, "fits")


def test_a_part_sends_to_the_node_that_uses_it(records):
    run = enter(records)
    with pytest.raises(UserError, match="adam is a part of fit"):
        explain(records, run, "adam")


def test_a_run_may_be_named_last(records):
    enter(records)
    assert explain(records, "last", "fit")[0].what == "first"
