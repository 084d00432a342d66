"""The precision guard: a member that diverges is told by which operation, in which step, in whose stage."""

import re
from pathlib import Path

import numpy as np
import pytest

from pipeline.stages import guard
from pipeline.stages.blocks import Blocks
from pipeline.stages.fit import train_cohort
from pipeline.stages.registry import Registry

FILES = [Path(__file__).parent / name for name in ("local_stages.py", "planted_stages.py")]


@pytest.fixture(scope="module")
def stages():
    return Registry(local=FILES)


@pytest.fixture
def train(blobs, stages, cohort_of):
    def run(*members, fault="exp", datasets=None, **keywords):
        keywords = {"model": "model.planted", "options": {"planted": {"fault": fault}}, **keywords}
        return train_cohort(cohort_of(*members, **keywords), datasets or {"data": blobs()}, stages)

    return run


def diagnosis(result):
    """Return the first line of an error, and the others."""
    first, *others = result.error.split("\n    ")
    return first, others


PLANTED = {
    "exp": ("exp", "12x3 of 89", "36 infinite of 36", "use ops.log_softmax"),
    "quotient": ("divide", "12x3 of 0, 12x3 of 0", "36 nan of 36", "a divisor is 0"),
    "log": ("log", "12x3 of 0", "36 infinite of 36", "log 0 is infinite"),
    "recurrence": (
        "square (step 4 of its recurrence)",
        "12x3 of 1.695e+31",
        "36 infinite of 36",
        "grown beyond",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named_with_its_node_step_operands_and_what_helps(train, fault):
    operation, operands, made, help_ = PLANTED[fault]
    result = train({}, {"planted.amount": 89.0}, fault=fault)[1]
    first, (where, ranges, *_, hint) = diagnosis(result)
    assert first.startswith("fit: the loss became nan at epoch 1; lower adam.lr (0.001)")
    assert where == (
        f"first not finite: {operation} in planted (model.planted), step 1 (epoch 1) of trial t1"
    )
    assert ranges.startswith(f"operands: {operands}")
    assert ranges.endswith(f"result: {made}")
    assert help_ in hint


def test_the_derivative_of_a_square_root_at_zero_is_named_with_the_regularizer_it_is_from(train):
    result = train({}, {"root.amount": 1.0}, regularizers=["regularizer.root"])[1]
    first, (where, ranges, _, hint) = diagnosis(result)
    assert first.startswith("fit: the loss became nan at epoch 1")
    assert where.startswith("first not finite: divide in root (regularizer.root), backward of sqrt, step 1")
    assert ranges == "operands: 4x3 of 0.5, 4x3 of 0; result: 12 infinite of 12"
    assert hint == "the derivative of sqrt is infinite at 0: use ops.sqrt(x, floor=...)"


def test_neighbours_have_the_bits_of_a_run_without_the_bad_member(train):
    without = train({"seed": 1}, {"seed": 2})
    found = train({"seed": 1}, {"planted.amount": 89.0}, {"seed": 2})
    assert [result.state for result in found] == ["done", "failed", "done"]
    for one, other in zip(without, (found[0], found[2]), strict=True):
        assert all(np.array_equal(values, other.params[name]) for name, values in one.params.items())


def test_weights_that_grow_over_steps_are_followed_to_the_step_in_which_they_overflow(train):
    settings = {"model": "model.mlp", "optimizer": "optimizer.sgd"}
    calm, wild = train({"sgd.lr": 1e-3}, {"sgd.lr": 1e12}, **settings)
    assert calm.state == "done"
    _, (where, _, counts, *_) = diagnosis(wild)
    assert where.startswith("first not finite: ")
    assert "mlp (model.mlp)" in where
    assert "results of this step became infinite" in counts
    alone = train({"sgd.lr": 1e12}, **settings)[0]
    assert alone.error == wild.error.replace("trial t1", "trial t0")


@pytest.mark.parametrize("interval", [1, 2, 5])
def test_the_step_is_the_same_however_often_the_guard_copies(train, blobs, monkeypatch, interval):
    settings = {
        "model": "model.linear",
        "optimizer": "optimizer.sgd",
        "options": {"minibatch": {"epochs": 30, "batch_size": 12}},
        "datasets": {"data": blobs(task="regression")},
    }
    expected = train({"sgd.lr": 5.0, "seed": 3}, {"sgd.lr": 1e-3}, **settings)[0]
    step, epoch = map(int, re.findall(r"step (\d+) \(epoch (\d+)\)", expected.error)[0])
    assert step > 5
    assert epoch == 1 + (step - 1) // 3
    monkeypatch.setattr(guard, "INTERVAL", interval)
    found = train({"sgd.lr": 5.0, "seed": 3}, {"sgd.lr": 1e-3}, **settings)[0]
    assert found.error == expected.error


def test_a_member_of_a_later_block_is_followed_too(train, monkeypatch):
    monkeypatch.setattr("pipeline.stages.blocks.block_width", lambda *_: 2)
    made = []
    monkeypatch.setattr(Blocks, "steps_done", property(lambda self: made.append(self) or 3))
    found = train({}, {"seed": 4}, {}, {"planted.amount": 89.0, "seed": 5})
    assert made
    assert [result.state for result in found] == ["done", "done", "done", "failed"]
    assert "exp in planted (model.planted), step 1 (epoch 1) of trial t3" in found[3].error


def test_noise_is_met_again(train):
    options = {"planted": {"fault": "exp"}, "dropout": {"rate": 0.5}}
    keywords = {"regularizers": ["regularizer.dropout"], "options": {**options, "mlp": {"hidden": [5]}}}
    settings = {"model": "model.mlp", "optimizer": "optimizer.sgd", **keywords}
    found = train({"sgd.lr": 1e6, "seed": 2}, {"sgd.lr": 1e-3}, **settings)[0]
    assert "first not finite: " in found.error
