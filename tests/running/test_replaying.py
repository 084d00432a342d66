"""A trial's node run again alone: it fails again with its traceback, and the store stays as it is."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pipeline import UserError
from pipeline.running.records import Records
from pipeline.running.replaying import replay

TOUCHY = """
from pipeline import regularizer

@regularizer
def touchy(objective, *, mood: int = 0):
    \"\"\"Raise for one of the trials.\"\"\"
    if mood == 1:
        raise RuntimeError("out of sorts")
"""


@pytest.fixture
def touchy(small):
    """A file of four trials, of which the second and the fourth fail."""
    return small.file(
        plugins=[small.stage("touchy", TOUCHY)],
        nodes="  odd: {stage: regularizer.touchy}",
        ports=", regularizers: [odd]",
        space=", odd.mood: [0, 1]",
        seeds="[0]",
        gather="all",
    )


def contents(store):
    """Return the checksum of every file of a store; SQLite's own beside the record are left out."""
    files = [path for path in store.root.rglob("*") if path.is_file() and "sqlite-" not in path.name]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def recorded(small, node):
    """Return the last run's metrics of a node's first instance, and the instance's key."""
    with Records(small.store.records, create=False) as records:
        row = records.nodes(records.run("last").id, node)[0]
    return row.metrics, row.key


def test_what_failed_fails_again_with_the_stages_traceback_and_nothing_is_written(small, touchy):
    run = small.run(touchy).run
    before = contents(small.store)
    found = replay(small.store, "last", "t0002")
    assert (found.run, found.instance) == (run, "fit[sgd.lr=0.1 odd.mood=1 seed=0]")
    assert (found.state, found.before, found.blame, found.exit_code) == ("failed", "failed", "stage", 1)
    assert found.error == "odd (regularizer.touchy): RuntimeError: out of sorts"
    assert 'touchy.py", line 8, in touchy\n    raise RuntimeError("out of sorts")' in found.traceback
    assert contents(small.store) == before


def test_what_went_well_has_the_metrics_that_it_had(small):
    small.run()
    before = contents(small.store)
    found = replay(small.store, "last", "sgd.lr=0.1 seed=0")
    assert (found.node, found.state, found.before, found.changed) == ("fit", "done", "done", False)
    assert found.metrics == recorded(small, "fit")[0]
    assert contents(small.store) == before


def test_every_kind_of_node_can_be_replayed(small):
    small.run()
    for node in ("points", "parts", "vote", "score"):
        found = replay(small.store, "last", "t0001", node)
        assert (found.node, found.error, found.notes) == (node, "", ())
        assert found.metrics == recorded(small, node)[0]


def test_inputs_that_are_gone_are_computed_and_not_kept(small):
    small.run()
    gone = list(small.store.keys())
    for key in gone:
        small.store.remove(key)
    found = replay(small.store, "last", "t0001", "score")
    assert found.metrics == recorded(small, "score")[0]
    assert any("fit[sgd.lr=0.2 seed=1] was not in the store" in note for note in found.notes)
    assert list(small.store.keys()) == []


def test_an_input_that_is_damaged_is_computed_and_left_where_it_is(small):
    small.run()
    key = recorded(small, "parts")[1]
    path = small.store.root / "objects" / key[:2] / key / "arrays.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    found = replay(small.store, "last", "t0001")
    assert found.notes == ("the result of parts was not in the store, or damaged: computed again",)
    assert found.metrics == recorded(small, "fit")[0]
    assert path.read_bytes() == content


def test_a_gather_is_replayed_with_the_members_that_it_had(small, touchy):
    small.run(touchy)
    found = replay(small.store, "last", "t0001", "vote")
    assert found.metrics == recorded(small, "vote")[0]
    assert "goes on with 2 of 4 members" in found.notes[0]


def test_a_stage_that_was_mended_is_tried_as_it_is_now(small, touchy):
    small.run(touchy)
    small.stage("touchy", TOUCHY.replace("mood == 1", "mood == 2"))
    found = replay(small.store, "last", "t0002")
    assert (found.state, found.before, found.changed) == ("done", "failed", True)


def test_a_divergence_is_told_with_its_diagnosis(small):
    small.run(small.file(rates="[0.1, 1.0e+30]", seeds="[0]"))
    found = replay(small.store, "last", "t0002")
    assert found.blame == "stage"
    assert "epoch 1" in found.error


def test_what_waits_for_something_that_failed_names_it(small, touchy):
    file = touchy.read_text().replace("odd.mood: [0, 1]", "odd.mood: [1]")
    touchy.write_text(file)
    small.run(touchy)
    with pytest.raises(UserError, match=r"score cannot be replayed without vote skipped.*\n.*leave --node"):
        replay(small.store, "last", "t0001", "score")


def test_data_that_python_handed_over_are_taken_from_the_store(small):
    rng = np.random.default_rng(0)
    small.run(data={"points": (rng.normal(size=(80, 3)), np.arange(80) % 2)})
    assert replay(small.store, "last", "t0001").metrics == recorded(small, "fit")[0]
    with pytest.raises(UserError, match="'points' was handed over from Python"):
        replay(small.store, "last", "t0001", "points")
    small.store.remove(recorded(small, "points")[1])
    with pytest.raises(UserError, match="from Python, which the store has no more"):
        replay(small.store, "last", "t0001")


@pytest.mark.parametrize(
    ("run", "trial", "node", "message"),
    [
        ("2019", "t0001", None, "there is no run '2019'; there are 20"),
        ("last", "t0009", None, r"no trial 't0009'\n    allowed: t0001 to t0004, or a label"),
        ("last", "t0001", "scor", r"no node 'scor'\n    allowed: points, .*\n    did you mean 'score'"),
        ("last", "t0001", "sgd", r"'sgd' is a part of what trains .*\n    allowed: points, parts, fit"),
    ],
)
def test_names_that_are_not_there_are_said_with_those_that_are(small, run, trial, node, message):
    small.run(small.file(epochs=1))
    with pytest.raises(UserError, match=message):
        replay(small.store, run, trial, node)
