"""Rows of a record that hold what plait never wrote."""

import sqlite3

import pytest

from pipeline.errors import StoreError
from pipeline.running.records import NodeRow, Records, TrialRow

HOSTILE = ["[", "[" * 100_000, "7", "null", '"x"', "9" * 10_000, b"\xff\xfe"]
JSON = {
    "runs": ("overrides", "machine", "plan"),
    "trials": ("settings", "metrics"),
    "nodes": ("trials", "metrics"),
}
OTHER = [("runs", "started"), ("runs", "pid"), ("runs", "seed"), ("trials", "seed"), ("nodes", "seconds")]


@pytest.fixture
def record(tmp_path):
    """A record with a row in each table."""
    path = tmp_path / "records.sqlite"
    with Records(path) as records:
        run = records.start_run("x")
        records.add_trials([TrialRow(run, "t", "l", {}, 0)])
        records.add_nodes([NodeRow(run, "i", "n", "data", ("t",), "ab" * 16)])
    return path, run


def write(path, table, column, value):
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    connection.commit()
    connection.close()


def read(path, run, table):
    with Records(path, create=False) as records:
        return {
            "runs": records.runs,
            "trials": lambda: records.trials(run),
            "nodes": lambda: records.nodes(run),
        }[table]()


@pytest.mark.parametrize(
    ("table", "column"), [(table, name) for table, names in JSON.items() for name in names]
)
def test_json_of_another_type_or_without_end_is_damage(record, table, column):
    path, run = record
    for value in HOSTILE:
        write(path, table, column, value)
        with pytest.raises(StoreError, match=r"cannot be read|is damaged"):
            read(path, run, table)


@pytest.mark.parametrize(("table", "column"), OTHER)
def test_a_number_that_is_a_text_is_damage(record, table, column):
    path, run = record
    write(path, table, column, "no number")
    with pytest.raises(StoreError, match="cannot be read"):
        read(path, run, table)


def test_a_new_run_beside_one_of_a_hostile_process_number_is_refused(record):
    path, _ = record
    write(path, "runs", "pid", "no number")
    with Records(path) as records, pytest.raises(StoreError, match="cannot be read"):
        records.start_run("y")
