import os
from multiprocessing import forkserver

import psutil
import pytest

from pipeline.running.cluster import ClusterSpec, connect
from pipeline.running.nursery import PRELOADED, is_open, may_start_processes, nursery


def children():
    """Return the processes that this one and its children started, by what they run."""
    found = psutil.Process().children(recursive=True)
    return {each.pid for each in found if "resource_tracker" not in " ".join(each.cmdline())}


def family():
    """Return in a worker who its parent is, and what it has imported."""
    import sys

    names = ("OMP_NUM_THREADS", "PYTHONPATH", "PYTHONSAFEPATH")
    return os.getppid(), "pipeline.stages.fit" in sys.modules, [os.environ.get(name) for name in names]


def test_workers_are_forked_from_the_nursery_and_nothing_stays(monkeypatch):
    for name in ("OMP_NUM_THREADS", "PYTHONSAFEPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    before = children()
    with nursery(True):
        assert is_open()
        parent = forkserver._forkserver._forkserver_pid
        client, cluster = connect(ClusterSpec("local"), 1, "numpy")
        assert client.submit(family).result() == (parent, True, ["1", "/somewhere", None])
        client.close()
        cluster.close()
        assert children() - before == {parent}
    assert not is_open()
    assert children() == before
    assert "OMP_NUM_THREADS" not in os.environ


def test_a_run_that_starts_processes_leaves_none(small):
    before = children()
    assert small.run(cluster="local:2").state == "done"
    assert children() == before


def test_a_nursery_that_was_killed_does_no_harm():
    with nursery(True):
        psutil.Process(forkserver._forkserver._forkserver_pid).kill()
    assert not is_open()


def test_a_forkserver_of_somebody_else_is_left_alone():
    with nursery(True):
        first = forkserver._forkserver._forkserver_pid
        with nursery(True):
            assert forkserver._forkserver._forkserver_pid == first
        assert is_open()


def test_where_no_process_can_be_started_workers_are_spawned(monkeypatch):
    def refused():
        raise OSError("no more processes")

    monkeypatch.setattr(forkserver, "ensure_running", refused)
    with nursery(True):
        assert not is_open()
    assert forkserver._forkserver._preload_modules != PRELOADED


def test_where_none_is_wanted_none_is_opened():
    with nursery(False):
        assert not is_open()
    assert forkserver._forkserver._preload_modules != PRELOADED


@pytest.mark.parametrize(
    ("asked_for", "in_file", "may"),
    [
        ("inline", None, False),
        (None, "inline", False),
        ("tcp://a:1", None, False),
        ("local:1", None, False),
        ("local:2", None, True),
        (None, {"workers": 3}, True),
    ],
)
def test_processes_are_started_on_this_machine_alone(asked_for, in_file, may):
    assert may_start_processes(asked_for, in_file) is may
