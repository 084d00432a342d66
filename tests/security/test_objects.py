"""Objects with right checksums around hostile content, and files that are no files."""

import json
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import PlaitError
from pipeline.running.checkpoints import Checkpoints
from pipeline.running.store import DamagedObject
from pipeline.stages.cohort import Member
from tests.security.conftest import KEY, seal

QUIET = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
HUGE = st.sampled_from([-1, 2**31, 2**63, 2**64, 10**100, 1e308, float("inf"), float("nan")])
JSON = st.recursive(
    st.none() | st.booleans() | HUGE | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
READ = "from pipeline.running.store import Store; Store({root!r}).get({key!r})"


def read_or_damage(store):
    try:
        found = store.get(KEY)
        return {name: found.arrays[name] for name in found.arrays}
    except DamagedObject:
        return None


@QUIET
@given(part=st.sampled_from(["format", "key", "arrays", "linked", "json", "components"]), value=JSON)
def test_a_part_of_any_type_is_read_or_is_damage(store, home, part, value):
    seal(home, **{part: value})
    read_or_damage(store)


NUMBERS = st.integers(-9, 99) | HUGE
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F64", "F32", "BOOL", "U8", "I64", "F8_E4M3", "BF16", "O", "", "V8"])
        | JSON,
        "shape": st.lists(NUMBERS, max_size=4) | JSON,
        "data_offsets": st.lists(NUMBERS, min_size=2, max_size=2) | JSON,
    }
)


@QUIET
@given(header=st.dictionaries(st.text(max_size=3), ENTRY | JSON, max_size=3) | JSON, length=st.none() | HUGE)
def test_arrays_of_any_header_lie_within_the_file_or_are_damage(store, home, header, length):
    text = json.dumps(header).encode()
    whole = isinstance(length, int) and 0 <= length < 2**64
    count = length if whole else len(text)
    seal(home, count.to_bytes(8, "little") + text + bytes(64))
    for array in (read_or_damage(store) or {}).values():
        assert array.nbytes <= 64
        assert not array.flags.writeable


@pytest.mark.parametrize("shape", [[2**40], [2**62, 4], [2**63, 2**63], [0, 10**30], [1] * 100, [-1, -1]])
def test_a_shape_of_terabytes_is_damage_at_once(store, home, limited, shape):
    header = json.dumps({"w": {"dtype": "F64", "shape": shape, "data_offsets": [0, 8]}}).encode()
    seal(home, len(header).to_bytes(8, "little") + header + bytes(8))
    assert limited(READ.format(root=str(store.root), key=KEY)).startswith("DamagedObject")


@pytest.mark.parametrize("name", ["object.json", "arrays.safetensors"])
@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_a_file_without_an_end_is_damage_and_not_waited_for(store, home, limited, name, kind):
    (home / name).unlink()
    if kind == "pipe":
        os.mkfifo(home / name)
    else:
        (home / name).symlink_to("/dev/zero")
    told = limited(READ.format(root=str(store.root), key=KEY))
    assert told == f"DamagedObject the stored object {KEY} is damaged: {name} is not a regular file\n"


def test_a_checkpoint_that_is_a_pipe_counts_as_not_there(store):
    path = store.root / "checkpoints" / "ab" / f"{KEY}.checkpoint"
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert Checkpoints(store.root).load(Member("t", KEY, 0, "data", {})) is None
    assert not path.exists()


def test_a_key_that_is_there_twice_makes_no_second_object(store, home):
    seal(home, json={"a": 1})
    text = (home / "object.json").read_bytes()
    (home / "object.json").write_bytes(text.replace(b'"json"', b'"json": 2, "json"', 1))
    with pytest.raises(DamagedObject, match="does not have its checksum"):
        store.get(KEY)


@pytest.mark.parametrize("key", ["../x", "..", "/etc/passwd", "ab/../../x", "ab" * 16 + "\0", "", "AB" * 16])
def test_a_key_that_could_be_a_path_is_refused_as_plaits_error(store, key):
    for use in (store.has, store.get, store.size, store.remove, store.quarantine, lambda k: store.put(k, 1)):
        with pytest.raises(PlaitError, match="a key is 4 to 64 lower-case hex digits"):
            use(key)
    assert np.array_equal(store.get(KEY).arrays["w"], np.arange(9.0))
