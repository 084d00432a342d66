"""Writers that die or race, and disks that refuse, leave a store whole."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.running.disk import temporary_name
from pipeline.running.store import Store

KEY = "ab" * 16
OTHER = "cd" * 16


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def files(root, below=""):
    return sorted(str(path.relative_to(root)) for path in (root / below).rglob("*") if path.is_file())


def python(program, *arguments, **options):
    """Start a process that runs `program`, with the repository on its path."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **options)


PUT = """
import sys, numpy as np
from pipeline.running.store import Store
root, who = sys.argv[1:]
sys.stdin.readline()
store = Store(root)
for number in range(30):
    store.put(f"{number:032x}", {"by": who}, {"w": np.full(1000, number)})
print("done")
"""

PUT_SLOWLY = """
import sys, numpy as np
from pipeline.running import store as module
write = module.write_object
def stop(*arguments):
    write(*arguments)
    print("half", flush=True)
    sys.stdin.readline()
module.write_object = stop
store = module.Store(sys.argv[1])
store.put(sys.argv[2], 1, {"w": np.zeros(1000)})
"""


def test_two_processes_put_the_same_keys_at_once(tmp_path):
    writers = [python(PUT, tmp_path, who, stdin=subprocess.PIPE) for who in "ab"]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60)[0] for writer in writers] == ["done\n"] * 2
    store = Store(tmp_path)
    assert len(list(store.keys())) == 30
    for number, key in enumerate(store.keys()):
        np.testing.assert_array_equal(store.get(key).arrays["w"], np.full(1000, number))
    assert files(tmp_path, "tmp") == []


def test_a_killed_writer_leaves_no_object_and_gc_clears_its_half(store):
    writer = python(PUT_SLOWLY, store.root, KEY, stdin=subprocess.PIPE)
    assert writer.stdout.readline() == "half\n"
    assert store.gc(()) == []  # a living writer's half stays
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert not store.has(KEY)
    assert len(files(store.root, "tmp")) == 2
    ((name, size),) = store.gc(())
    assert name.startswith(KEY)
    assert size > 8000
    assert files(store.root, "tmp") == []


def test_gc_leaves_the_half_of_another_host_until_it_is_a_day_old(store):
    half = store.root / "tmp" / temporary_name(KEY).replace("~", "~elsewhere-", 1)
    half.mkdir(parents=True)
    assert store.gc(()) == []
    os.utime(half, (time.time() - 90_000,) * 2)
    assert store.gc(()) == [(half.name, 0)]


def test_a_full_disk_is_said_and_leaves_no_half(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("mounting needs root")
    try:
        store = Store(disk / "store")
        store.put(OTHER, 1)
        with pytest.raises(StoreError, match=r"disk/store: No space left on device\n    free some space"):
            store.put(KEY, 1, {"w": np.zeros(100_000)})
        assert not store.has(KEY)
        assert files(store.root, "tmp") == []
        assert store.get(OTHER).json == 1
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_file_size_limit_is_said_and_leaves_no_half(store):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(StoreError, match=r"File too large\n    free some space"):
            store.put(KEY, 1, {"w": np.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert files(store.root, "objects") == files(store.root, "tmp") == []


READ_ONLY = """
import os, sys
from pipeline.errors import StoreError
from pipeline.running.store import Store
if os.getuid() == 0:
    os.setuid(65534)
store = Store(sys.argv[1])
print(store.get(sys.argv[2]).json)
for attempt in (lambda: store.put("ef" * 16, 2), lambda: store.remove(sys.argv[2])):
    try:
        attempt()
    except StoreError as error:
        print(error)
"""


def test_a_store_without_permission_is_read_and_says_so_when_written():
    with TemporaryDirectory() as root:  # where another user may look, unlike in tmp_path
        Store(root).put(KEY, "kept")
        directories = [Path(directory) for directory, _, _ in os.walk(root)]
        for directory in directories:
            directory.chmod(0o555)
        output, _ = python(READ_ONLY, root, KEY).communicate(timeout=60)
        for directory in directories:
            directory.chmod(0o755)
        refusal = f"cannot write to the store {root}: Permission denied"
        fix = "    make it writable for you, or name another store"
        assert output.splitlines() == ["kept", refusal, fix, refusal, fix]
        assert Store(root).get(KEY).json == "kept"
