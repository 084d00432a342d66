"""The store gives back what was put, by key, and takes over no directory that is not its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from pipeline.errors import PlaitError, StoreError
from pipeline.running.store import DamagedObject, Store

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
ARRAY = st.sampled_from(DTYPES).flatmap(lambda dtype: arrays_of.arrays(np.dtype(dtype), SHAPES))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


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


def files(root, below=""):
    return sorted(str(path.relative_to(root)) for path in (root / below).rglob("*") if path.is_file())


def damage(store, key, name, change):
    path = store.root / "objects" / key[:2] / key / name
    path.write_bytes(change(path.read_bytes()))


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
    program = "import sys, pipeline.running.store; print({'numpy', 'safetensors'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


LARGE = {"inputs": np.arange(200_000.0).reshape(1000, 200), "targets": np.zeros(1000)}


def linked(store, key=OTHER, **more):
    """Put an object that takes LARGE over from another one, and return what is read back."""
    store.put(KEY, 1, LARGE)
    base = store.get(KEY)
    store.put(key, 2, {**base.arrays, **more}, at_hand=base.files)
    return store.get(key)


def test_large_arrays_of_another_object_are_linked_and_not_written_again(store):
    found = linked(store, rows=np.arange(3))
    for name, array in {**LARGE, "rows": np.arange(3)}.items():
        np.testing.assert_array_equal(found.arrays[name], array)
    assert sorted(found.arrays) == ["inputs", "rows", "targets"]
    assert store.size(OTHER) < 2000 < 1_600_000 < store.size(KEY)


def test_a_linked_array_outlives_the_object_that_it_was_taken_from(store):
    linked(store)
    store.remove(KEY)
    np.testing.assert_array_equal(Store(store.root).get(OTHER).arrays["inputs"], LARGE["inputs"])


def test_links_of_links_lead_to_the_first_file(store):
    middle = linked(store, rows=np.arange(3))
    store.put("ef" * 16, 3, {"inputs": middle.arrays["inputs"]}, at_hand=middle.files)
    assert list(store.get("ef" * 16).arrays) == ["inputs"]
    assert store.size("ef" * 16) < 1000


def test_arrays_that_were_changed_or_are_small_are_written(store):
    store.put(KEY, 1, LARGE)
    base = store.get(KEY)
    store.put(
        OTHER, 2, {"inputs": base.arrays["inputs"] + 1, "targets": base.arrays["targets"]}, at_hand=base.files
    )
    np.testing.assert_array_equal(store.get(OTHER).arrays["inputs"], LARGE["inputs"] + 1)
    assert store.size(OTHER) > 1_600_000


def test_damage_of_a_linked_file_is_noticed_in_every_object(store):
    linked(store)
    path = store.root / "objects/ab" / KEY / "arrays.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    for key, name in ((KEY, "arrays"), (OTHER, "linked")):
        with pytest.raises(DamagedObject, match=rf"{name}\.safetensors does not have its checksum"):
            store.get(key)


def test_a_disk_without_links_keeps_copies(store, monkeypatch):
    monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    assert linked(store).arrays["inputs"].shape == (1000, 200)
    assert store.size(OTHER) > 1_600_000
