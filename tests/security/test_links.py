"""Symbolic links in a store lead nothing out of it: what lies elsewhere is not written, moved or removed."""

import os
import shutil

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.running.checkpoints import Checkpoints
from pipeline.running.store import DamagedObject, Store
from pipeline.stages.checkpoint import Checkpoint
from pipeline.stages.cohort import Member

KEY, OTHER = "ab" * 16, "ab" + "cd" * 15
MEMBER = Member("t0001", KEY, 0, "data", {})


@pytest.fixture
def outside(tmp_path):
    """A folder outside the store with old files, and one that has the name of a checkpoint."""
    folder = tmp_path / "outside"
    (folder / "ab").mkdir(parents=True)
    for path in (folder / "precious.txt", folder / "ab" / f"{KEY}.checkpoint", folder / "ab" / "more.txt"):
        path.write_text("mine")
        os.utime(path, (1, 1))
    os.utime(folder / "ab", (1, 1))
    return folder


def content(folder):
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in sorted(folder.rglob("*"))}


def lead(store, part, outside):
    """Put a link to `outside` in the place of a part of the store, with what was there moved outside."""
    place = store.root / part
    place.parent.mkdir(exist_ok=True)
    if place.is_dir():
        shutil.copytree(place, outside, dirs_exist_ok=True)
        shutil.rmtree(place)
    place.symlink_to(outside)


USES = {
    "gc": lambda store: store.gc([]),
    "put": lambda store: store.put(OTHER, 1, {"w": np.zeros(3)}),
    "remove": lambda store: store.remove(KEY),
    "quarantine": lambda store: store.quarantine(KEY),
}
CASES = [(part, use) for part in ("objects", "objects/ab") for use in USES]
CASES += [("tmp", use) for use in ("gc", "put", "remove")]
CASES += [("damaged", use) for use in ("gc", "quarantine")]
CASES += [(part, "gc") for part in ("checkpoints", "checkpoints/ab", f"objects/ab/{KEY}")]
CASES += [(f"objects/ab/{KEY}", use) for use in ("remove", "quarantine")]


@pytest.mark.parametrize(("part", "use"), CASES)
def test_a_directory_that_is_a_link_is_refused_by_name(store, outside, part, use):
    lead(store, part, outside)
    before = content(outside)
    with pytest.raises(StoreError, match="is a symbolic link"):
        USES[use](store)
    assert content(outside) == before


@pytest.mark.parametrize("part", ["logs", "records.sqlite"])
def test_a_store_whose_logs_or_record_are_a_link_is_not_opened(store, outside, part):
    lead(store, part, outside)
    with pytest.raises(StoreError, match=f"{part} is a symbolic link"):
        Store(store.root)


def test_the_whole_store_may_be_a_link(store, tmp_path):
    (tmp_path / "link").symlink_to(store.root)
    linked = Store(tmp_path / "link")
    linked.put(OTHER, 2)
    assert [key for key, _ in linked.gc([KEY])] == [OTHER]
    assert linked.get(KEY).json == {"a": 1}


@pytest.mark.parametrize("place", ["damaged", "tmp", "checkpoints/cd"])
def test_gc_removes_a_leftover_link_and_not_what_it_points_to(store, outside, place):
    (store.root / place).mkdir(parents=True, exist_ok=True)
    link = store.root / place / "x"
    link.symlink_to(outside)
    os.utime(link, (1, 1), follow_symlinks=False)
    before = content(outside)
    assert "x" in [name for name, _ in store.gc([KEY])]
    assert not link.is_symlink()
    assert content(outside) == before


def test_links_within_what_is_removed_are_not_followed(store, outside, home):
    (home / "deep").symlink_to(outside)
    (home / "round").symlink_to(home)
    before = content(outside)
    assert store.remove(KEY) < 10_000
    assert content(outside) == before


@pytest.mark.parametrize("name", ["object.json", "arrays.safetensors"])
def test_an_objects_file_that_is_a_link_is_damage_and_is_made_anew(store, outside, home, name):
    shutil.move(home / name, outside / name)
    (home / name).symlink_to(outside / name)
    before = content(outside)
    with pytest.raises(DamagedObject, match="is not a regular file"):
        store.get(KEY)
    store.put(KEY, {"a": 1}, {"w": np.arange(9.0)})
    assert store.get(KEY).json == {"a": 1}
    store.gc([KEY])
    assert content(outside) == before


@pytest.mark.parametrize("part", ["checkpoints", "checkpoints/ab"])
def test_checkpoints_that_lie_elsewhere_count_as_not_there(store, outside, part):
    lead(store, part, outside)
    before, notes = content(outside), []
    kept = Checkpoints(store.root, note=notes.append)
    assert kept.load(MEMBER) is None
    kept.save([(MEMBER, Checkpoint(1, {}, {"w": np.zeros(2)}))])
    kept.forget(KEY)
    assert content(outside) == before
    assert "symbolic link" in notes[0]
