"""Results that are damaged on disk, and a record that is."""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import suppress

import pytest

from pipeline import StoreError
from tests.faults.conftest import final


def flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 16]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [flip, lambda content: content[: len(content) // 2], lambda content: b"", lambda content: content[::-1]],
    ids=["a flipped bit", "truncated", "empty", "garbage"],
)
@pytest.mark.parametrize("name", ["object.json", "arrays.safetensors"])
def test_if_every_result_is_damaged_every_result_is_computed_again(small, undisturbed, name, damage):
    small.run()
    files = list((small.store.root / "objects").rglob(name))
    assert files
    for path in files:
        path.write_bytes(damage(path.read_bytes()))
    again = small.run()
    assert again.nodes["fit"]["states"] == {"done": 4}
    assert "damaged" in again.nodes["fit"]["notes"][0]
    assert final(small, again) == undisturbed


def test_a_record_that_is_cut_off_names_the_fix_and_the_fix_loses_no_result(small, undisturbed):
    small.run()
    record = small.store.records
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])
    with pytest.raises(StoreError) as told:
        small.run()
    fix = re.search(r"\((mv .*?)\)", str(told.value))[1]
    subprocess.run(shlex.split(fix), check=True)
    again = small.run()
    assert again.nodes["fit"]["states"] == {"cached": 4}
    assert final(small, again) == undisturbed


def test_a_record_that_is_destroyed_while_a_run_writes_it_costs_no_result(small, undisturbed):
    """The file is overwritten when the training begins."""

    def destroy(event):
        if event.name == "node_started" and event.node == "fit":
            for path in small.store.root.glob("records.sqlite*"):
                path.write_bytes(b"\0" * path.stat().st_size)

    with suppress(StoreError):  # what SQLite holds in memory may be enough for this run
        small.run(trackers=[destroy])
    with pytest.raises(StoreError, match="move it away"):
        small.run()
    for path in small.store.root.glob("records.sqlite*"):
        path.unlink()
    again = small.run()
    assert again.nodes["parts"]["state"] == "cached"
    assert final(small, again) == undisturbed
