"""Plans: what would run, what is cached, in which cohorts, of which size."""

from __future__ import annotations

import pytest

from pipeline import UserError
from pipeline.api import load
from pipeline.running.start import Request, plan_dag
from pipeline.running.store import Store

INLINE = {"cluster": "inline", "backend": "numpy"}


def counted(plan, state):
    return {node: counts[state] for node, counts in plan.counts().items() if counts[state]}


def test_a_plan_says_what_would_run_and_computes_nothing(small):
    plan = plan_dag(load(small.file()), small.store, Request(**INLINE))
    assert counted(plan, "run") == {"points": 1, "parts": 1, "fit": 4, "vote": 1, "score": 1}
    assert list(small.store.keys()) == []


def test_a_plan_of_a_store_that_is_not_there_makes_none(small, tmp_path):
    store = Store(tmp_path / "nowhere", create=False)
    plan = plan_dag(load(small.file()), store, Request(**INLINE)).to_json()
    assert plan["trials"] == 4
    assert not (tmp_path / "nowhere").exists()


def test_a_plan_counts_parameters_and_memory_though_the_data_are_not_loaded(small):
    plan = plan_dag(load(small.file()), small.store, Request(**INLINE)).to_json()
    assert [cohort["members"] for cohort in plan["cohorts"]] == [4]
    assert plan["cohorts"][0]["parameters"] == 3 * 4 + 4 + 4 * 2 + 2
    assert plan["memory"] == plan["cohorts"][0]["bytes"] > 0


def test_what_is_stored_is_cached_and_what_nobody_needs_is_idle(small):
    small.run()
    plan = plan_dag(load(small.file()), small.store, Request(**INLINE))
    small.store.remove(plan.keys[plan.expansion.of("points")[0].id])
    again = plan_dag(load(small.file()), small.store, Request(**INLINE))
    assert counted(again, "run") == {}
    assert counted(again, "idle") == {"points": 1}


def test_a_result_that_was_removed_brings_back_only_what_it_needs(small):
    small.run()
    plan = plan_dag(load(small.file()), small.store, Request(**INLINE))
    for node in ("points", "score"):
        small.store.remove(plan.keys[plan.expansion.of(node)[0].id])
    again = plan_dag(load(small.file()), small.store, Request(**INLINE))
    assert counted(again, "run") == {"score": 1}


def test_from_runs_a_node_and_what_depends_on_it_again(small):
    small.run()
    plan = plan_dag(load(small.file()), small.store, Request(frm="vote", **INLINE))
    assert counted(plan, "run") == {"vote": 1, "score": 1}


def test_from_a_component_runs_the_train_node_that_uses_it(small):
    small.run()
    plan = plan_dag(load(small.file()), small.store, Request(frm="sgd", **INLINE))
    assert counted(plan, "run") == {"fit": 4, "vote": 1, "score": 1}


def test_to_runs_only_what_a_node_needs(small):
    plan = plan_dag(load(small.file()), small.store, Request(to="fit", **INLINE))
    assert counted(plan, "run") == {"points": 1, "parts": 1, "fit": 4}


def test_only_runs_a_node_whose_inputs_are_stored(small):
    small.run(to="fit")
    plan = plan_dag(load(small.file()), small.store, Request(only="vote", **INLINE))
    assert counted(plan, "run") == {"vote": 1}


def test_only_says_which_input_is_missing(small):
    message = r"--only fit: its input parts is not in the store\n.*--to fit"
    with pytest.raises(UserError, match=message):
        plan_dag(load(small.file()), small.store, Request(only="fit", **INLINE))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"to": "vota"}, r"--to vota: there is no such node\n    allowed: points, .*\n.*did you mean 'vote'"),
        ({"to": "sgd"}, r"--to sgd: this optimizer is a part of fit and runs only there\n    name fit"),
        ({"only": "vote", "to": "fit"}, "exclude each other"),
        ({"backend": "torch"}, r"there is no backend 'torch'\n    allowed: numpy, cupy, auto"),
    ],
)
def test_what_cannot_be_planned_is_said(small, request_, message):
    with pytest.raises(UserError, match=message):
        plan_dag(load(small.file()), small.store, Request(**{**INLINE, **request_}))


def test_a_changed_data_file_changes_every_key(small):
    small.run()
    small.data().write_bytes(small.data().read_bytes() + b"\0")
    plan = plan_dag(load(small.file()), small.store, Request(to="points", **INLINE))
    assert counted(plan, "run") == {"points": 1}


def test_a_choice_by_metric_has_a_key_of_all_candidates_and_of_the_choice(small):
    dag = load(small.file())
    plan = plan_dag(dag, small.store, Request(**INLINE))
    other = plan_dag(load(small.file(gather="{best: 3, metric: loss}")), small.store, Request(**INLINE))
    vote = plan.expansion.of("vote")[0].id
    assert plan.keys[vote] != other.keys[vote]
    assert [plan.keys[i.id] for i in plan.expansion.of("fit")] == [
        other.keys[i.id] for i in plan.expansion.of("fit")
    ]


def test_shapes_that_do_not_fit_are_said_before_training(small):
    plugin = small.stage(
        "picky",
        "from pipeline import model\n"
        "@model\n"
        "def picky(x, net, *, outputs: int):\n"
        '    """Take images only."""\n'
        "    return net.dense(x.reshape((-1, 28, 28)), outputs, name='out')\n",
    )
    file = small.file(plugins=[plugin])
    file.write_text(file.read_text().replace("model.mlp, options: {hidden: [4]}", "model.picky"))
    with pytest.raises(Exception, match=r"net \(model\.picky\).*batch, 3"):
        plan_dag(load(file), small.store, Request(**INLINE))
