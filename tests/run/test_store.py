"""The store keeps objects whole, tells damaged ones, and says why a disk refuses."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from pipeline.errors import PlaitError, StoreError
from pipeline.run.disk import temporary_name
from pipeline.run.store import DamagedObject, Store

KEY = "ab" * 16
OTHER = "cd" * 16
DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "bool", ">f4", ">i8"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1).filter(lambda name: name != "__metadata__")
SHAPES = arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4)
ARRAY = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays_of.arrays(
        np.dtype(dtype), arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4)
    )
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def files(root, below=""):
    return sorted(str(path.relative_to(root)) for path in (root / below).rglob("*") if path.is_file())


def damage(store, key, name, change):
    path = store.root / "objects" / key[:2] / key / name
    path.write_bytes(change(path.read_bytes()))


def python(program, *arguments, **options):
    """Start a process that runs `program`, with the repository on its path."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **options)


def test_what_was_put_is_got(store):
    store.put(KEY, {"loss": 0.1}, {"w": np.arange(6.0).reshape(2, 3)}, {"seed": 7})
    found = store.get(KEY)
    assert (found.json, found.components, list(found.arrays)) == ({"loss": 0.1}, {"seed": 7}, ["w"])
    np.testing.assert_array_equal(found.arrays["w"], [[0, 1, 2], [3, 4, 5]])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON, arrays=st.dictionaries(NAMES, ARRAY, max_size=3))
def test_json_and_arrays_of_every_kind_come_back_as_they_were(tmp_path, value, arrays):
    store = Store(tmp_path)
    store.remove(KEY)
    store.put(KEY, value, arrays)
    found = Store(tmp_path).get(KEY)
    assert found.json == value
    assert set(found.arrays) == set(arrays)
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype.newbyteorder("=")
        assert found.arrays[name].shape == array.shape
        np.testing.assert_array_equal(found.arrays[name], array)


def test_views_are_kept_by_their_values(store):
    table = np.arange(12.0).reshape(3, 4)
    store.put(KEY, None, {"columns": table.T, "every_other": table[:, ::2], "backwards": table[::-1]})
    found = store.get(KEY).arrays
    np.testing.assert_array_equal(found["columns"], table.T)
    np.testing.assert_array_equal(found["every_other"], table[:, ::2])
    np.testing.assert_array_equal(found["backwards"], table[::-1])


def test_arrays_are_read_only(store):
    store.put(KEY, None, {"w": np.zeros(3)})
    with pytest.raises(ValueError, match="read-only"):
        store.get(KEY).arrays["w"][0] = 1


def test_a_large_array_is_mapped_and_outlives_its_object(store):
    large = np.arange(300_000.0)
    store.put(KEY, None, {"x": large})
    found = store.get(KEY).arrays["x"]
    assert KEY in Path("/proc/self/maps").read_text()
    store.remove(KEY)
    np.testing.assert_array_equal(found, large)


def test_thousands_of_small_objects_hold_no_file_open(store):
    keys = [f"{number:032x}" for number in range(50)]
    for key in keys:
        store.put(key, None, {"w": np.ones(10)})
    before = len(list(Path("/proc/self/fd").iterdir()))
    members = [store.get(key) for key in keys]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert sum(member.arrays["w"].sum() for member in members) == 500


@pytest.mark.parametrize("array", [np.array([{}]), np.array(["a"]), np.array([1j]), np.array([1], "M8[s]")])
def test_an_array_that_only_pickle_could_keep_is_refused_by_name(store, array):
    with pytest.raises(PlaitError, match=r"array 'odd' cannot be stored as .*\n    allowed: bool, complex64"):
        store.put(KEY, None, {"odd": array})
    assert not store.has(KEY)


def test_a_value_that_is_not_json_is_refused(store):
    with pytest.raises(PlaitError, match="is not JSON: Object of type float32"):
        store.put(KEY, {"loss": np.float32(1)})


def test_keys_sizes_and_removal(store):
    store.put(KEY, 1, {"w": np.zeros(1000)})
    store.put(OTHER, 2)
    assert list(store.keys()) == [KEY, OTHER]
    assert store.size(KEY) > 8000 > store.size(OTHER) > 100
    size = store.size(KEY)
    assert store.remove(KEY) == size
    assert (store.has(KEY), store.size(KEY), store.remove(KEY)) == (False, 0, 0)
    assert list(store.keys()) == [OTHER]


def test_gc_keeps_what_is_named_and_tells_what_it_removed(store):
    store.put(KEY, 1)
    store.put(OTHER, 2)
    size = store.size(OTHER)
    assert store.gc({KEY}) == [(OTHER, size)]
    assert list(store.keys()) == [KEY]


@pytest.mark.parametrize("key", ["", "../../etc", "abc/def", "ABCDEF", "xyzw", "a" * 65])
def test_a_key_that_could_leave_the_store_is_refused(store, key):
    with pytest.raises(ValueError, match="lower-case hex"):
        store.put(key, None)


def test_putting_again_changes_nothing(store):
    store.put(KEY, 1)
    before = store.get(KEY)
    store.put(KEY, 1)
    assert store.get(KEY) == before
    assert files(store.root, "tmp") == []


# Damage


@pytest.mark.parametrize("name", ["object.json", "arrays.safetensors"])
def test_every_flipped_bit_is_noticed(store, name):
    chance = random.Random(0)
    store.put(KEY, {"text": "some words", "loss": 1e-05}, {"w": np.arange(9.0)}, {"seed": 1})
    good = (store.root / "objects/ab" / KEY / name).read_bytes()
    for bit in chance.sample(range(8 * len(good)), 200):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        damage(store, KEY, name, lambda _, bad=bad: bad)
        with pytest.raises(DamagedObject, match=f"{name} does not have its checksum"):
            store.get(KEY)
    damage(store, KEY, name, lambda _: good)
    assert store.get(KEY).json["text"] == "some words"


@pytest.mark.parametrize("name", ["object.json", "arrays.safetensors"])
@pytest.mark.parametrize("length", [0, 1, 60, 120])
def test_a_truncated_file_is_noticed(store, name, length):
    store.put(KEY, {}, {"w": np.arange(90.0)})
    damage(store, KEY, name, lambda content: content[:length])
    with pytest.raises(DamagedObject, match=name):
        store.get(KEY)


def test_a_missing_file_is_noticed(store):
    store.put(KEY, {}, {"w": np.arange(9.0)})
    (store.root / "objects/ab" / KEY / "arrays.safetensors").unlink()
    with pytest.raises(DamagedObject, match=r"arrays\.safetensors is missing"):
        store.get(KEY)


def test_an_object_that_is_not_there_is_damaged_too(store):
    with pytest.raises(DamagedObject, match=r"object\.json is missing") as caught:
        store.get(KEY)
    assert caught.value.key == KEY


def test_damage_after_the_first_reading_is_noticed(store):
    store.put(KEY, 1, {"w": np.zeros(9)})
    store.get(KEY)
    damage(store, KEY, "arrays.safetensors", lambda content: content[:-1] + b"\1")
    with pytest.raises(DamagedObject):
        store.get(KEY)


def sealed(body):
    """Return an object.json with a right checksum around any text."""
    import hashlib

    return b'{"checksum":"' + hashlib.sha256(body).hexdigest().encode() + b'",\n' + body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"}",
        b'"a":' + b"[" * 100_000,
        b'"a":' + b"9" * 10_000 + b"}",
        b'"format":1,"key":"%s"}' % KEY.encode(),
        b'"format":2,"key":"%s"}' % KEY.encode(),
        b'"format":1,"key":"%s","arrays":[],"json":1,"components":{}}' % OTHER.encode(),
        b'"format":1,"key":"%s","arrays":7,"json":1,"components":{}}' % KEY.encode(),
        b'"a":"\xff"}',
    ],
)
def test_hostile_json_with_a_right_checksum_is_damage(store, body):
    store.put(KEY, 1, {"w": np.zeros(2)})
    damage(store, KEY, "object.json", lambda _: sealed(body))
    with pytest.raises(DamagedObject):
        store.get(KEY)


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b"[]",
        b'{"w":{"dtype":"O","shape":[1],"data_offsets":[0,8]}}',
        b'{"w":{"dtype":"F64","shape":[9],"data_offsets":[0,72000]}}',
        b'{"w":{"dtype":"F64","shape":[-1,0],"data_offsets":[0,8]}}',
        b'{"w":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}}',
        b'{"w":{"dtype":"F64","shape":[1],"data_offsets":[-8,0]}}',
        b'{"w":{"dtype":"F64","shape":[9],"data_offsets":[8,8]}}',
        b'{"w":{"dtype":"F64","shape":"no","data_offsets":[0,8]}}',
        b'{"w":{"dtype":"F64"}}',
    ],
)
def test_hostile_arrays_with_a_right_checksum_are_damage(store, header):
    import hashlib

    content = len(header).to_bytes(8, "little") + header + bytes(8)
    record = {
        "format": 1,
        "key": KEY,
        "arrays": {"sha256": hashlib.sha256(content).hexdigest()},
        "json": 0,
        "components": {},
    }
    store.put(KEY, 1, {"w": np.zeros(2)})
    damage(store, KEY, "arrays.safetensors", lambda _: content)
    damage(store, KEY, "object.json", lambda _: sealed(json.dumps(record).encode()[1:]))
    with pytest.raises(DamagedObject, match="arrays' file cannot be read"):
        store.get(KEY)


def test_a_damaged_object_is_set_aside_and_put_again(store):
    store.put(KEY, 1)
    damage(store, KEY, "object.json", lambda content: content[:-5])
    aside = store.quarantine(KEY)
    assert not store.has(KEY)
    assert aside.parent == store.root / "damaged"
    store.put(KEY, 1)
    assert store.get(KEY).json == 1
    assert [key for key, _ in store.gc({KEY})] == [aside.name]
    assert files(store.root, "damaged") == []


def test_setting_aside_what_is_not_there_does_nothing(store):
    assert store.quarantine(KEY) is None


def test_putting_over_a_damaged_object_repairs_it(store):
    store.put(KEY, 1, {"w": np.zeros(3)})
    (store.root / "objects/ab" / KEY / "object.json").unlink()
    assert not store.has(KEY)
    store.put(KEY, 1, {"w": np.zeros(3)})
    assert store.get(KEY).json == 1


# Processes

PUT = """
import sys, numpy as np
from pipeline.run.store import Store
root, who = sys.argv[1:]
sys.stdin.readline()
store = Store(root)
for number in range(30):
    store.put(f"{number:032x}", {"by": who}, {"w": np.full(1000, number)})
print("done")
"""

PUT_SLOWLY = """
import os, sys, numpy as np
from pipeline.run.store import Store
store = Store(sys.argv[1])
synced = os.fsync
def stop(descriptor):
    synced(descriptor)
    print("half", flush=True)
    sys.stdin.readline()
os.fsync = stop
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
    assert len(files(store.root, "tmp")) == 1
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


# Disks


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
from pipeline.run.store import Store
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


# The root


def test_a_directory_with_other_files_is_not_taken_over(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match=r"it has no plait-store\.json, but other files \(thesis"):
        Store(tmp_path)
    assert files(tmp_path) == ["thesis.tex"]


def test_a_file_is_not_a_store(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Not a directory"):
        Store(tmp_path / "file")


def test_looking_creates_nothing(tmp_path):
    store = Store(tmp_path / "none", create=False)
    assert (store.has(KEY), list(store.keys())) == (False, [])
    assert files(tmp_path) == []


def test_a_store_of_a_newer_format_is_refused(store):
    (store.root / "plait-store.json").write_text('{"format": 99}')
    with pytest.raises(StoreError, match="a store of format 99; this plait reads format 1"):
        Store(store.root)


@pytest.mark.parametrize("text", ["", "{}", "[]", "{" * 5000, "\xff"])
def test_a_damaged_marker_is_said_with_the_fix(store, text):
    (store.root / "plait-store.json").write_text(text, "latin-1")
    with pytest.raises(StoreError, match=r'is damaged: .*\n    write \{"format": 1\} into it'):
        Store(store.root)


def test_version_control_ignores_a_store(store):
    assert (store.root / ".gitignore").read_text() == "*\n"


def test_importing_the_store_imports_no_arrays():
    program = "import sys, pipeline.run.store; print('numpy' in sys.modules, 'safetensors' in sys.modules)"
    assert python(program).communicate(timeout=60)[0] == "False False\n"
