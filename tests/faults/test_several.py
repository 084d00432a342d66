"""Several processes at one store: a record that another one holds, and two drivers of the same run."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from functools import partial

import pytest

from pipeline import StoreError
from pipeline.running import start
from pipeline.running.records import Records
from tests.faults.conftest import final

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("COMMIT")
"""


@contextmanager
def held(record, seconds):
    """Lock a record from another process, for some seconds at most."""
    command = [sys.executable, "-c", HOLD, str(record), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        yield
        holder.kill()


def when_training_starts(do):
    """Return a tracker that does something once."""
    todo = [do]

    def hear(event):
        if event.name == "node_started" and event.node == "fit" and todo:
            todo.pop()()

    return hear


def test_a_record_that_is_locked_for_a_second_is_waited_for(small, undisturbed):
    small.run(to="parts")
    with held(small.store.records, 1):
        assert final(small, small.run()) == undisturbed


def test_a_record_that_stays_locked_ends_the_run_with_who_and_what_to_do(small, undisturbed, monkeypatch):
    monkeypatch.setattr(start, "Records", partial(Records, timeout=0.2))
    small.run(to="parts")
    with (
        held(small.store.records, 60),
        pytest.raises(StoreError, match="another process is writing it: wait"),
    ):
        small.run()
    assert final(small, small.run()) == undisturbed


def test_a_record_that_gets_locked_while_a_run_trains_costs_no_result(small, undisturbed, monkeypatch):
    monkeypatch.setattr(start, "Records", partial(Records, timeout=0.2))
    lock = held(small.store.records, 60)
    with pytest.raises(StoreError, match="another process is writing it: wait"):
        small.run(trackers=[when_training_starts(lock.__enter__)])
    lock.__exit__(None, None, None)
    again = small.run()
    assert again.nodes["fit"]["states"] == {"cached": 4}
    assert final(small, again) == undisturbed


DRIVE = """
import sys, pipeline
print("ready", flush=True)
sys.stdin.readline()
results = pipeline.run(sys.argv[1], store=sys.argv[2], cluster=sys.argv[3], backend="numpy")
print(results.state, results.run, flush=True)
"""


def test_two_drivers_at_once_do_the_same_and_neither_harms_the_other(small, undisturbed):
    command = [sys.executable, "-c", DRIVE, str(small.file()), str(small.store.root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    drivers = [subprocess.Popen([*command, where], **pipes) for where in ("inline", "inline", "local:2")]
    for driver in drivers:
        assert driver.stdout.readline() == "ready\n"
    for driver in drivers:
        driver.stdin.write("go\n")
        driver.stdin.flush()
    said = [driver.communicate(timeout=100)[0].split() for driver in drivers]
    assert [state for state, _ in said] == ["done"] * 3
    assert len({run for _, run in said}) == 3
    again = small.run()
    assert again.nodes["fit"]["states"] == {"cached": 4}
    assert final(small, again) == undisturbed
    assert list((small.store.root / "tmp").iterdir()) == []
