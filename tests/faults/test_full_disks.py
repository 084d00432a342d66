"""A disk that is full, or becomes read-only, while a run writes to it."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import pytest

from pipeline import StoreError
from pipeline.running import workplace
from pipeline.running.store import Store
from tests.faults.conftest import final


def attempt(small, **options):
    """Run and return what the user is told where the disk refuses."""
    try:
        results = small.run(**options)
    except StoreError as error:
        return str(error)
    assert results.exit_code == 2
    return "\n".join(error for node in results.nodes.values() for error in node.get("errors", ()))


@pytest.mark.parametrize("size", ["4k", "8k", "48k", "96k", "128k", "160k", "192k", "224k"])
def test_on_a_full_disk_a_run_says_so_and_goes_on_once_there_is_room(small, undisturbed, mount, size):
    """The sizes let the disk be full for the store, the record, the first result, a later one."""
    mount(small.folder / "disk", size)
    told = attempt(small, store=small.folder / "disk" / "store")
    assert "disk" in told
    assert "space" in told or "full" in told
    mount(small.folder / "disk", "10m")
    assert final(small, small.run(store=small.folder / "disk" / "store")) == undisturbed


def test_a_disk_that_fills_while_a_run_trains_loses_nothing_that_was_computed(small, undisturbed, mount):
    disk = small.folder / "disk"
    mount(disk, "2m")
    store = disk / "store"

    def fill(event):
        if event.name == "node_started" and event.node == "fit":
            with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass

    assert "space" in attempt(small, store=store, trackers=[fill])
    (disk / "filler").unlink()
    again = small.run(store=store)
    assert again.nodes["parts"]["state"] == "cached"
    assert final(small, again) == undisturbed


def test_worker_processes_on_a_full_disk_say_so_too(small, undisturbed, mount):
    mount(small.folder / "disk", "200k")
    store = small.folder / "disk" / "store"
    assert "space" in attempt(small, store=store, cluster="local:2")
    mount(small.folder / "disk", "10m")
    assert final(small, small.run(store=store)) == undisturbed


def test_checkpoints_that_find_no_room_cost_nothing(small, undisturbed, mount, monkeypatch):
    mount(small.store.root / "checkpoints", "4k")
    monkeypatch.setattr(workplace, "Checkpoints", partial(workplace.Checkpoints, every=0.0))
    results = small.run()
    assert final(small, results) == undisturbed
    (log,) = small.store.logs.glob("*/fit-*.log")
    assert "no checkpoint: cannot write" in log.read_text()


def test_a_store_that_becomes_read_only_ends_the_run_and_the_next_goes_on(small, undisturbed, sealed):
    root = small.store.root

    def seal(event):
        if event.name == "node_started" and event.node == "fit":
            sealed.enter_context(read_only(root))

    told = attempt(small, trackers=[seal])
    assert f"cannot write to the store {root}: Read-only file system\n    make it writable for you" in told
    with pytest.raises(StoreError, match=r"writable for you, or name another store"):
        small.run()
    assert Store(root, create=False).has(next(small.store.keys()))
    sealed.close()
    again = small.run()
    assert again.nodes["parts"]["state"] == "cached"
    assert final(small, again) == undisturbed


@pytest.fixture
def sealed():
    """What a test makes read-only, until it closes this."""
    with ExitStack() as stack:
        yield stack


@contextmanager
def read_only(folder):
    """Mount a folder over itself, to be read only; files that are open stay as they are."""
    mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"nothing can be made read-only: {mounted.stderr.strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
