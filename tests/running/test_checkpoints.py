"""Checkpoints on disk, and runs that go on from them after a stop or a death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pipeline.running.checkpoints import Checkpoints, checkpoint_files
from pipeline.stages.checkpoint import Checkpoint
from pipeline.stages.cohort import Member


@pytest.fixture
def member():
    return Member("t0001", "abcd" * 8, 0, "data", {})


@pytest.fixture
def checkpoint():
    arrays = {"state:weights": np.arange(6, dtype=np.float32), "state:state:weights:0": np.float64(2.5)}
    return Checkpoint(3, {"judged": {"history": [{"loss": 0.1 + 0.2}]}, "stepped": {"steps": 9}}, arrays)


def test_a_checkpoint_comes_back_as_it_was(tmp_path, member, checkpoint):
    kept = Checkpoints(tmp_path)
    kept.save([(member, checkpoint)])
    found = kept.load(member)
    assert (found.epoch, found.about) == (checkpoint.epoch, checkpoint.about)
    assert found.arrays.keys() == checkpoint.arrays.keys()
    for name, array in checkpoint.arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert np.array_equal(found.arrays[name], array)


def test_one_that_is_damaged_anywhere_counts_as_not_there(tmp_path, member, checkpoint):
    kept = Checkpoints(tmp_path)
    kept.save([(member, checkpoint)])
    (path,) = checkpoint_files(tmp_path, ())
    whole = path.read_bytes()
    for content in [b"", whole[:40], whole[:-1], *(_flipped(whole, i) for i in range(0, len(whole), 23))]:
        path.write_bytes(content)
        assert kept.load(member) is None
        assert not path.exists()


def _flipped(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_they_are_due_after_some_seconds_or_when_the_training_ends(tmp_path):
    assert not Checkpoints(tmp_path).due()
    assert Checkpoints(tmp_path, every=0.0).due()
    assert Checkpoints(tmp_path, hurried=lambda: True).due()


def test_writing_them_takes_at_most_a_fiftieth_of_the_time(tmp_path, member, checkpoint, monkeypatch):
    now = iter([0.0, 0.0, 2.0, 99.0, 101.0])  # made at 0, a writing from 0 to 2
    monkeypatch.setattr("pipeline.running.checkpoints.time.monotonic", lambda: next(now))
    kept = Checkpoints(tmp_path, every=1.0)
    kept.save([(member, checkpoint)])
    assert not kept.due()  # at 99
    assert not kept.due()  # at 101: 2 seconds are a fiftieth of 100


def test_a_disk_that_refuses_costs_the_checkpoint_and_not_the_training(tmp_path, member, checkpoint):
    (tmp_path / "checkpoints").write_text("a file where a directory should be")
    notes = []
    Checkpoints(tmp_path, note=notes.append).save([(member, checkpoint)])
    assert "cannot write" in notes[0]


def stop_at(epoch, seen):
    """Return a tracker that asks for a stop, as Ctrl-C does, when an epoch begins; `seen` gets all epochs."""

    def hear(event):
        if event.name == "epoch_started":
            seen.append(event.data["epoch"])
            if event.data["epoch"] == epoch:
                os.kill(os.getpid(), signal.SIGINT)

    return hear


def test_a_run_that_is_stopped_goes_on_in_the_middle_of_its_training_bit_equal(small):
    file = small.file(epochs=9)
    stopped = small.run(file, trackers=[stop_at(4, [])])
    assert stopped.state == "stopped"
    assert len(checkpoint_files(small.store.root, ())) == 4
    seen = []
    resumed = small.run(file, trackers=[stop_at(0, seen)])
    assert seen == [5, 6, 7, 8, 9]
    assert small.weights(resumed) == small.weights(small.run(file, store=small.folder / "whole"))
    assert checkpoint_files(small.store.root, ()) == []


def test_a_driver_that_is_killed_has_left_what_the_next_run_goes_on_from(small):
    """The process is killed, -9, in the middle of an epoch; checkpoints are due at each."""
    file = small.file(epochs=400)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(file), str(small.store.root)], stdout=subprocess.DEVNULL
    )
    _wait(lambda: len(checkpoint_files(small.store.root, ())) == 4)
    child.kill()
    child.wait()
    seen = []
    resumed = small.run(file, trackers=[stop_at(0, seen)])
    assert 1 < seen[0] < 400
    assert small.weights(resumed) == small.weights(small.run(file, store=small.folder / "whole"))


KILLED = """
import sys
from functools import partial
import pipeline
from pipeline.running import workplace

workplace.Checkpoints = partial(workplace.Checkpoints, every=0.0)
pipeline.run(sys.argv[1], store=sys.argv[2], cluster="inline", backend="numpy")
"""


def _wait(until):
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end, "nothing happened for a minute"
        time.sleep(0.01)


def test_gc_removes_checkpoints_that_no_run_needs(small, member, checkpoint):
    Checkpoints(small.store.root).save([(member, checkpoint)])
    assert small.store.gc({member.key}) == []
    ((name, size),) = small.store.gc(())
    assert name.startswith(member.key)
    assert size > 0
    assert checkpoint_files(small.store.root, ()) == []
