"""What goes wrong: it is isolated, recorded with its cause, and nothing that was computed is lost."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import StoreError
from pipeline.running.records import Records

RAISES_FOR_ONE = """
from pipeline import regularizer

@regularizer
def touchy(objective, *, mood: int = 0):
    \"\"\"Raise for one of the trials.\"\"\"
    if mood == 1:
        raise RuntimeError("out of sorts")
"""

STOPS_AT_EPOCH = """
from pipeline import regularizer
from pipeline import Verdict

def rule(history, *, patience):
    if patience > 5:
        raise RuntimeError("lost patience")
    return Verdict()

@regularizer
def fussy(objective, *, patience: float = 1.0):
    \"\"\"Raise after an epoch, for trials of one float option.\"\"\"
    objective.after_epoch(rule, patience=patience)
"""


def with_regularizer(small, stage, space, **changes):
    """Write the DAG file with a regularizer `odd` of a local file."""
    name = stage.stem
    node = f"  odd: {{stage: regularizer.{name}}}"
    return small.file(plugins=[stage], nodes=node, ports=", regularizers: [odd]", space=space, **changes)


def test_a_stage_that_raises_for_one_trial_leaves_the_others_alone(small):
    file = with_regularizer(small, small.stage("touchy", RAISES_FOR_ONE), ", odd.mood: [0, 1]", seeds="[0]")
    results = small.run(file)
    states = {trial["label"]: trial["state"] for trial in results.trials}
    assert [label for label, state in states.items() if state == "failed"] == [
        "sgd.lr=0.1 odd.mood=1 seed=0",
        "sgd.lr=0.2 odd.mood=1 seed=0",
    ]
    assert results.nodes["vote"]["state"] == results.nodes["score"]["state"] == "done"
    assert results.exit_code == 1


def test_one_bad_member_of_a_cohort_fails_alone_and_the_others_are_as_without_it(small):
    stage = small.stage("fussy", STOPS_AT_EPOCH)
    good = small.run(with_regularizer(small, stage, ", odd.patience: [1.0, 2.0]"))
    mixed = small.run(
        with_regularizer(small, stage, ", odd.patience: [1.0, 2.0, 9.0]"), store=small.folder / "b"
    )
    failed = [trial["label"] for trial in mixed.trials if trial["state"] == "failed"]
    assert failed == [trial["label"] for trial in mixed.trials if trial["options"]["odd.patience"] == 9.0]
    assert small.weights(mixed) == small.weights(good)


def test_a_failure_is_recorded_with_its_cause_its_node_and_its_log(small):
    file = with_regularizer(small, small.stage("touchy", RAISES_FOR_ONE), ", odd.mood: [0, 1]", seeds="[0]")
    results = small.run(file)
    with Records(small.store.records) as records:
        row = next(row for row in records.nodes(results.run, "fit") if row.state == "failed")
    assert row.error["cause"] == "stage"
    assert "odd" in row.error["message"]
    assert "out of sorts" in row.error["message"]
    assert 'raise RuntimeError("out of sorts")' in (small.store.root / row.log).read_text()


def test_a_gather_goes_on_with_the_survivors_and_says_so(small):
    stage = small.stage("touchy", RAISES_FOR_ONE)
    results = small.run(with_regularizer(small, stage, ", odd.mood: [0, 1]", seeds="[0]", gather="all"))
    assert len(results.model("vote").members) == 2
    (note,) = results.nodes["vote"]["notes"]
    assert "goes on with 2 of 4 members" in note
    assert "out of sorts" in note


def test_a_gather_that_lacked_members_is_made_anew_once_they_are_there(small):
    stage = small.stage("touchy", RAISES_FOR_ONE)
    file = with_regularizer(small, stage, ", odd.mood: [0, 1]", seeds="[0]", gather="all")
    small.run(file)
    again = small.run(file)
    assert again.nodes["vote"]["state"] == "done"
    assert again.nodes["fit"]["states"] == {"cached": 2, "failed": 2}


def test_a_gather_without_survivors_is_skipped_with_the_reason(small):
    stage = small.stage("touchy", RAISES_FOR_ONE)
    results = small.run(with_regularizer(small, stage, ", odd.mood: [1]"))
    assert small.states(results)["vote"] == small.states(results)["score"] == "skipped"
    with Records(small.store.records) as records:
        (row,) = records.nodes(results.run, "vote")
    assert "out of sorts" in row.error["message"]


def test_data_that_cannot_serve_fail_the_run_as_the_users_mistake(small):
    file = small.file()
    np.savez(small.data(), inputs=np.full((80, 3), np.nan), targets=np.arange(80) % 2)
    results = small.run(file)
    assert results.exit_code == 2
    assert results.state == "failed"
    assert "points" in results.nodes["points"]["errors"][0]
    assert {trial["state"] for trial in results.trials} == {"skipped"}


def test_a_trial_that_diverges_fails_alone(small):
    results = small.run(small.file(rates="[0.1, 1.0e+30]", seeds="[0]"))
    assert [trial["state"] for trial in results.trials] == ["done", "failed"]
    assert results.exit_code == 1


def test_an_unwritable_store_is_the_users_mistake(small):
    with pytest.raises(StoreError, match=r"/proc/plait"):  # where not even root may write
        small.run(store="/proc/plait")


def test_a_full_disk_ends_the_run_and_what_was_computed_is_kept(small, monkeypatch):
    """The disk is full from the moment at which the ensemble is to be written."""
    from pipeline.running import workplace

    keep = workplace.Workplace.keep

    def full(place, piece, *arguments, **more):
        if piece.node == "vote":
            (small.store.root / "tmp").rename(small.store.root / "was-tmp")
            (small.store.root / "tmp").write_text("a file where a directory should be")
        keep(place, piece, *arguments, **more)

    monkeypatch.setattr(workplace.Workplace, "keep", full)
    results = small.run()
    assert results.exit_code == 2
    assert "cannot write to the store" in results.nodes["vote"]["errors"][0].lower()
    (small.store.root / "tmp").unlink()
    monkeypatch.undo()
    again = small.run()
    assert again.nodes["fit"]["states"] == {"cached": 4}
    assert again.state == "done"


def damage(small, results, node):
    """Flip a byte of the arrays of a node's first stored result."""
    with Records(small.store.records) as records:
        row = records.nodes(results.run, node)[0]
    path = small.store.root / "objects" / row.key[:2] / row.key / "arrays.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    return row.key


def test_a_damaged_result_is_noticed_said_and_computed_again_bit_equal(small):
    first = small.run()
    before = small.weights(first)
    damage(small, first, "fit")
    again = small.run()
    assert again.nodes["fit"]["states"] == {"done": 1, "cached": 3}
    assert "was damaged" in again.nodes["fit"]["notes"][0]
    assert small.weights(again) == before
    with Records(small.store.records) as records:
        assert "damaged" in records.nodes(again.run, "fit")[0].error["message"]


def test_a_result_damaged_while_the_run_goes_on_is_computed_again_in_the_same_run(small):
    """The damage happens after the plan has looked: when the first epoch begins."""
    first = small.run(to="parts")
    done = []

    def break_it(event):
        if event.name == "node_started" and event.node == "fit" and not done:
            done.append(damage(small, first, "parts"))

    results = small.run(trackers=[break_it])
    assert results.state == "done"
    assert "was damaged" in results.nodes["parts"]["notes"][0]
    clean = small.run(store=small.folder / "clean")
    assert small.weights(results) == small.weights(clean)
