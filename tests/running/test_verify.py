"""Verification: a trial trained again alone has the same bits, and a difference is found."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import UserError
from pipeline.running.records import Records
from pipeline.running.verify import verify


def test_a_trial_trained_alone_is_bit_equal_to_what_is_stored(small):
    results = small.run()
    report = verify(small.store, results.run, "t0003")
    assert report.equal
    assert not report.changed
    assert {p.parameter: p.shape for p in report.parameters} == {
        "hidden0.weights": (3, 4),
        "hidden0.bias": (4,),
        "out.weights": (4, 2),
        "out.bias": (2,),
    }
    assert report.exit_code == 0


def test_a_trial_is_found_by_its_label_too(small):
    results = small.run()
    assert verify(small.store, "last", "sgd.lr=0.2 seed=1").trial == "t0004"
    assert results.run


def test_a_difference_of_one_bit_is_found(small):
    results = small.run()
    with Records(small.store.records) as records:
        key = records.nodes(results.run, "fit")[0].key
    stored = small.store.get(key)
    arrays = {name: np.array(array) for name, array in stored.arrays.items()}
    name = next(name for name in arrays if name.endswith("out.bias"))
    arrays[name].view(np.uint32)[0] ^= 1
    small.store.remove(key)
    small.store.put(key, stored.json, arrays, stored.components)
    report = verify(small.store, results.run, "t0001")
    assert [p.parameter for p in report.parameters if not p.equal] == ["out.bias"]
    assert sum(p.different for p in report.parameters) == 1
    assert report.exit_code == 3


def test_a_run_on_arrays_that_were_handed_over_is_verified_too(small):
    file = small.file()
    loaded = np.load(small.data())
    file.write_text(file.read_text().replace(f"data.npz, options: {{path: {small.data()}}}", "data.arrays"))
    results = small.run(file, data={"points": (loaded["inputs"], loaded["targets"])})
    report = verify(small.store, results.run, "t0001")
    assert report.equal
    assert not report.changed


@pytest.mark.parametrize("trial", ["t0009", "sgd.lr=7"])
def test_a_trial_that_is_not_there_is_said(small, trial):
    results = small.run()
    with pytest.raises(UserError, match=r"has no trial .*\n    allowed: t0001 to t0004"):
        verify(small.store, results.run, trial)


def test_data_that_are_gone_are_said(small):
    results = small.run()
    with Records(small.store.records) as records:
        small.store.remove(records.nodes(results.run, "parts")[0].key)
    with pytest.raises(UserError, match=r"data set of fit.* is not in the store any more\n.*--from parts"):
        verify(small.store, results.run, "t0001")
