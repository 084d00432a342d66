import json
from types import MappingProxyType

import numpy as np
import pytest

from pipeline import Event, UserError
from plugins.tracker.jsonl import jsonl


def written(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_event_is_one_line_in_order(tmp_path):
    path = tmp_path / "logs" / "events.jsonl"
    jsonl(Event("run_started", "r1", at=1.0), path=str(path))
    jsonl(Event("node_ended", "r1", "fit", ("a", "b"), {"accuracy": 0.5}, at=2.0), path=str(path))
    first, second = written(path)
    assert first == {"name": "run_started", "run": "r1", "node": "", "trials": [], "at": 1.0, "data": {}}
    assert (second["node"], second["trials"], second["data"]) == ("fit", ["a", "b"], {"accuracy": 0.5})


def test_what_json_lacks_is_written_plainly(tmp_path):
    data = MappingProxyType(
        {"loss": float("nan"), "n": np.float32(1.5), "m": {"a": np.arange(2)}, "where": tmp_path}
    )
    jsonl(Event("epoch_ended", data=data), path=str(tmp_path / "e.jsonl"))
    (line,) = written(tmp_path / "e.jsonl")
    assert line["data"] == {"loss": None, "n": 1.5, "m": {"a": [0, 1]}, "where": str(tmp_path)}


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*file/events.jsonl"):
        jsonl(Event("run_started"), path=str(tmp_path / "file" / "events.jsonl"))
