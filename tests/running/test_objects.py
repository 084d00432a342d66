"""A stored object that is not what was put is noticed, whatever is wrong with it."""

import hashlib
import json
import random

import numpy as np
import pytest

from pipeline.running.store import DamagedObject, Store

KEY = "ab" * 16
OTHER = "cd" * 16


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def damage(store, key, name, change):
    path = store.root / "objects" / key[:2] / key / name
    path.write_bytes(change(path.read_bytes()))


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
