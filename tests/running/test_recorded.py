"""A run that is taken up again from its record."""

from __future__ import annotations

import os

import numpy as np
import pytest

import pipeline
from pipeline import UserError
from pipeline.running.records import Records


def resume(small, run="last", **options):
    return pipeline.resume(run, store=small.store, **{"cluster": "inline", "backend": "numpy", **options})


def test_a_run_is_taken_up_by_its_record_whatever_became_of_the_file(small):
    file = small.file()
    first = small.run(file, to="parts")
    file.unlink()
    again = resume(small, first.run)
    assert small.states(again)["parts"] == "cached"
    assert small.states(again)["fit"] == "idle"


def test_more_values_and_seeds_run_only_what_is_new(small):
    first = small.run()
    more = resume(small, set={"sweep.seeds": 3, "sweep.space": {"sgd.lr": [0.1, 0.2, 0.4]}})
    assert more.nodes["fit"]["states"] == {"cached": 4, "done": 5}
    kept = small.weights(more)
    assert all(kept[label] == weights for label, weights in small.weights(first).items())


def test_overrides_of_the_run_stay(small):
    small.run(small.file(), set=["fit.epochs=3"])
    again = resume(small)
    assert again.nodes["fit"]["options"]["epochs"] == 3
    assert again.nodes["fit"]["state"] == "cached"


def given(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(80, 3)), np.arange(80) % 2


def test_data_from_python_are_those_of_the_run(small):
    first = small.run(data={"points": given(1)})
    again = resume(small)
    assert again.nodes["fit"]["states"] == {"cached": 4}
    assert small.weights(again) == small.weights(first)


def test_data_from_python_that_are_gone_are_said_to_be(small):
    small.run(data={"points": given(1)})
    with Records(small.store.records) as records:
        (row,) = records.nodes(records.runs()[0].id, "points")
    small.store.remove(row.key)
    with pytest.raises(UserError, match=r"had data for points from Python.*\n.*with the same data"):
        resume(small)


def test_a_run_that_still_goes_on_is_left_alone(small):
    with Records(small.store.records) as records:
        run = records.start_run("small", text=small.file().read_text())
    with pytest.raises(UserError, match=rf"{run} still goes on, in process {os.getpid()}"):
        resume(small)


def test_a_store_without_runs_says_so(small):
    with pytest.raises(UserError, match="there is no run in"):
        resume(small)
