"""Members trained a block at a time have the bits of members trained all at once."""

from __future__ import annotations

import pytest

from pipeline.engine import caches
from pipeline.stages import beginning, blocks
from pipeline.stages.fit import train_cohort

SETTINGS = [{"adam.lr": 1e-3 * (slot + 1), "seed": slot // 3, "data": "d"} for slot in range(7)]


def trained(cohort, data, registry, monkeypatch, width):
    monkeypatch.setattr(blocks, "block_width", lambda *_: width)
    return train_cohort(cohort, data, registry)


def assert_same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.state, ours.epochs, ours.metrics) == (theirs.state, theirs.epochs, theirs.metrics)
        for name, value in theirs.params.items():
            assert ours.params[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("width", [1, 2, 3])
def test_blocks_change_no_bit(width, cohort_of, blobs, stages, monkeypatch):
    spec, data = cohort_of(*SETTINGS), {"d": blobs()}
    expected = trained(spec, data, stages, monkeypatch, 7)
    assert_same(trained(spec, data, stages, monkeypatch, width), expected)


def test_members_that_stop_or_diverge_leave_their_blocks(cohort_of, blobs, stages, monkeypatch):
    settings = [{**one, "adam.lr": 1e38} if slot in (2, 3) else one for slot, one in enumerate(SETTINGS)]
    options = {"minibatch": {"epochs": 8, "batch_size": 12}, "early_stopping": {"patience": 1}}
    spec = cohort_of(*settings, options=options, regularizers=["regularizer.early_stopping"])
    expected = trained(spec, {"d": blobs()}, stages, monkeypatch, 7)
    assert [one.state for one in expected].count("failed") == 2
    assert_same(trained(spec, {"d": blobs()}, stages, monkeypatch, 2), expected)


def test_members_whose_rates_fall_at_different_epochs_have_the_same_bits(
    cohort_of, blobs, stages, monkeypatch
):
    settings = [{**one, "reduce_on_plateau.factor": 0.1 * (slot + 1)} for slot, one in enumerate(SETTINGS)]
    options = {"minibatch": {"epochs": 6, "batch_size": 12}, "reduce_on_plateau": {"patience": 1}}
    options["reduce_on_plateau"] |= {"tolerance": 0.05}
    spec = cohort_of(*settings, options=options, regularizers=["regularizer.reduce_on_plateau"])
    expected = trained(spec, {"d": blobs()}, stages, monkeypatch, 7)
    assert_same(trained(spec, {"d": blobs()}, stages, monkeypatch, 2), expected)
    steady = cohort_of(*SETTINGS, options=options)
    assert expected[0].history != trained(steady, {"d": blobs()}, stages, monkeypatch, 7)[0].history


def test_a_cohort_that_fits_the_caches_is_one_block(monkeypatch):
    monkeypatch.setattr(blocks, "close_memory", lambda: 1000)
    assert blocks.block_width(100, 7) == 7
    assert blocks.block_width(300, 7) == 3
    assert blocks.block_width(5000, 7) == 1
    assert blocks.block_width(5000, 7, "cupy") == 7


def test_caches_are_measured_once_a_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("PLAIT_MACHINE", str(tmp_path))
    calls = []
    monkeypatch.setattr(caches, "measure", lambda: calls.append(1) or 12 * 2**20)
    assert caches.close_memory(processes=2) == 6 * 2**20
    assert caches.close_memory(processes=1) == 12 * 2**20
    assert calls == [1]
    (tmp_path / "caches.json").write_text("damaged")
    assert caches.close_memory(processes=100) == 2**20
    assert calls == [1, 1]


def test_the_measure_is_the_largest_size_at_the_best_speed(monkeypatch):
    rates = dict.fromkeys(caches.SIZES, 1.0)
    rates.update({size: 2.0 for size in caches.SIZES if size > 4 * 2**20})
    monkeypatch.setattr(caches, "_seconds_per_element", lambda size, clock: rates[size])
    assert caches.measure() == 4 * 2**20


def test_a_real_measure_is_one_of_the_sizes():
    assert caches.measure() in caches.SIZES


def test_the_loop_uses_blocks(cohort_of, blobs, stages, monkeypatch):
    made = []
    monkeypatch.setattr(blocks, "block_width", lambda *_: 3)
    original = beginning.in_blocks
    monkeypatch.setattr(beginning, "in_blocks", lambda *a: made.append(original(*a)) or made[-1])
    train_cohort(cohort_of(*SETTINGS), {"d": blobs()}, stages)
    assert [len(block.members) for block in made[0]._blocks] == [2, 2, 3]


def test_a_cohort_that_memory_cannot_hold_trains_in_turn_with_the_same_bits(
    cohort_of, blobs, stages, monkeypatch
):
    spec, data = cohort_of(*SETTINGS), {"d": blobs()}
    expected = train_cohort(spec, data, stages)
    monkeypatch.setattr(beginning, "widest", lambda *_: 3)
    assert_same(train_cohort(spec, data, stages), expected)
    assert blocks.widest(10**15) == 1
    assert blocks.widest(1000) > 1000
