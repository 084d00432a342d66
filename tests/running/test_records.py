"""The record remembers runs, is read while it is written, and says what is wrong with its file."""

import math
import os
import random
import re
import sqlite3
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pipeline.errors import StoreError, UserError
from pipeline.running.database import make
from pipeline.running.records import NodeEnd, NodeRow, Records, TrialEnd, TrialRow

NOON = 1795608915.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records.sqlite"


@pytest.fixture
def records(path):
    with Records(path) as records:
        yield records


def trial(run, number, **values):
    return TrialRow(run, f"t{number}", f"adam.lr={number}", {"adam.lr": number}, number, **values)


def node(run, name="fit", number=0, **values):
    return NodeRow(run, f"{name}@{number}", name, "train", (f"t{number}",), f"{number:032x}", **values)


def python(program, *arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, **options)


def test_a_run_is_remembered_whole(records, path):
    details = {"dag": "dags/digits.yaml", "text": "plait: 1\n", "overrides": ("adam.lr=1",), "seed": 7}
    run = records.start_run("digits", **details, machine={"cores": 2}, plan={"trials": 24}, at=NOON)
    records.finish_run(run, "done", at=NOON + 12.5)
    with Records(path) as again:
        (row,) = again.runs()
    assert (row.dag, row.text, row.overrides, row.seed) == tuple(details.values())
    assert (row.machine, row.plan, row.version) == ({"cores": 2}, {"trials": 24}, "0.1.0")
    assert (row.state, row.started, row.ended, row.seconds) == ("done", NOON, NOON + 12.5, 12.5)


def test_ids_are_readable_sortable_and_never_twice(records):
    ids = [records.start_run(name, at=NOON) for name in ("Digits Ensemble!", "Digits Ensemble!", "ä")]
    assert re.fullmatch(r"2026\d{4}-\d{6}-digits-ensemble", ids[0])
    assert ids[1] == f"{ids[0]}-2"
    assert ids[2].endswith("-run")
    assert records.start_run("digits", at=NOON + 1) > ids[0]


def test_trials_and_nodes_come_back_in_the_order_in_which_they_were_entered(records):
    run = records.start_run("digits")
    trials = [trial(run, number) for number in (3, 1, 2)]
    nodes = [node(run, "fit", number) for number in (3, 1, 2)]
    error = {"cause": "DataError", "message": "no", "traceback": "logs/x", "hint": ""}
    nodes.append(node(run, "score", state="failed", metrics={"loss": 1}, error=error, seconds=2, log="l"))
    records.add_trials(trials)
    records.add_nodes(nodes)
    assert records.trials(run) == trials
    assert records.nodes(run) == nodes
    assert records.nodes(run, "score") == nodes[-1:]
    assert records.nodes_with_key(nodes[0].key) == nodes[:1]
    assert sorted(records.keys()) == sorted({n.key for n in nodes})


def test_what_ends_is_written_down(records):
    run = records.start_run("digits")
    records.add_trials([trial(run, 1)])
    records.add_nodes([node(run, number=1), node(run, number=2), node(run, number=3)])
    records.node_started(run, "fit@1")
    assert records.nodes(run)[0].state == "running"
    ends = [
        NodeEnd("fit@1", "done", 1.5, {"accuracy": 0.9}, log="logs/a"),
        NodeEnd("fit@2", "cached"),
        NodeEnd("fit@3", "failed", error={"cause": "diverged"}),
    ]
    records.nodes_finished(run, ends)
    records.trials_finished(run, [TrialEnd("t1", "done", {"accuracy": 0.9, "loss": math.inf})])
    done, cached, failed = records.nodes(run)
    assert (done.state, done.seconds, done.metrics, done.log) == ("done", 1.5, {"accuracy": 0.9}, "logs/a")
    assert (cached.state, cached.cached, done.cached) == ("cached", True, False)
    assert failed.error == {"cause": "diverged"}
    assert records.trials(run)[0].metrics == {"accuracy": 0.9, "loss": math.inf}


@pytest.mark.parametrize(("end", "left"), [("stopped", "stopped"), ("failed", "skipped")])
def test_what_has_not_ended_when_a_run_ends_is_marked(records, end, left):
    run = records.start_run("digits")
    records.add_nodes([node(run, number=1, state="done"), node(run, number=2)])
    records.add_trials([trial(run, 1, state="running")])
    records.finish_run(run, end)
    assert [n.state for n in records.nodes(run)] == ["done", left]
    assert records.trials(run)[0].state == left


def test_an_instance_or_a_run_that_was_never_entered_is_a_fault(records):
    run = records.start_run("digits")
    records.add_nodes([node(run, number=1)])
    with pytest.raises(KeyError, match="has no node 'fit@9'"):
        records.nodes_finished(run, [NodeEnd("fit@1", "done"), NodeEnd("fit@9", "done")])
    assert records.nodes(run)[0].state == "pending"
    with pytest.raises(StoreError, match="has no run 'other'"):
        records.add_trials([trial("other", 1)])


def test_what_is_written_together_is_written_whole_or_not(records):
    run = records.start_run("digits")

    def write(second):
        with records.together():
            records.add_trials([trial(run, 1)])
            records.trials_finished(run, [TrialEnd(second, "done")])

    with pytest.raises(KeyError):
        write("t2")
    assert records.trials(run) == []
    write("t1")
    assert records.trials(run)[0].state == "done"


def test_a_seed_of_any_size_is_kept(records):
    run = records.start_run("digits", seed=2**100)
    records.add_trials([replace(trial(run, 1), seed=2**70)])
    assert (records.run(run).seed, records.trials(run)[0].seed) == (2**100, 2**70)


def test_components_of_many_keys_share_what_is_shared(records, path):
    shared = {"stage": {"code": {"a.py": "x" * 1000}}}
    records.add_components((f"{n:032x}", {"shared": shared, "seed": n}) for n in range(500))
    assert records.components(f"{7:032x}") == {"shared": shared, "seed": 7}
    assert records.components("never") is None
    records.close()
    assert path.stat().st_size < 200_000


def test_components_are_told_apart_where_their_shared_parts_differ(records):
    records.add_components((f"{n}", {"shared": {"number": n}}) for n in range(50))
    assert [records.components(f"{n}")["shared"]["number"] for n in range(50)] == list(range(50))


def test_a_run_is_found_by_id_beginning_or_last(records):
    first = records.start_run("digits", at=NOON)
    second = records.start_run("digits", at=NOON)
    other = records.start_run("moons", at=NOON + 86400 * 40)
    assert records.run(first).id == first
    assert records.run(second).id == second
    assert records.run(other[:9]).id == other
    assert records.run("last").id == other
    assert [run.id for run in records.runs()] == [other, second, first]


def test_a_run_that_is_not_there_or_not_clear_is_said_with_those_that_are(records):
    with pytest.raises(UserError, match=r"no run in .* yet\n    start one with `plait run FILE`"):
        records.run("last")
    ids = [records.start_run("digits", at=NOON + n) for n in range(7)]
    with pytest.raises(UserError, match=r"'2026' may be any of .* and 2 more\n    write more of its id"):
        records.run("2026")
    known = f"there is no run .*there are {ids[6]}, .*\n    did you mean '{ids[0]}'"
    with pytest.raises(UserError, match=known):
        records.run(ids[0].replace("digits", "digitz"))


def test_the_previous_run_of_a_node_is_the_latest_one_of_that_dag_in_which_it_was_made(records):
    ran, cached, failed, other, now = (
        records.start_run(name) for name in ("digits", "digits", "digits", "moons", "digits")
    )
    records.add_nodes(
        [node(ran, state="done"), node(ran, "score", state="done"), node(cached, state="cached")]
    )
    records.add_nodes([node(failed, state="failed"), node(other, state="done"), node(now, state="done")])
    assert records.previous(now, "fit").id == cached
    assert records.previous(now, "score").id == ran
    assert records.previous(ran, "fit") is None
    assert records.previous(other, "fit") is None


def test_a_run_whose_process_died_is_found_out_by_the_next_one(records, path):
    program = """
import os, signal, sys
from pipeline.running.records import Records
Records(sys.argv[1]).start_run("digits")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert python(program, path).returncode == -9
    assert records.run("last").state == "running"
    alive = records.start_run("digits")
    records.start_run("digits")
    assert [run.state for run in records.runs()] == ["running", "running", "stopped"]
    assert records.run(alive).ended is None


# Other processes

LOOK = """
import sys
from pipeline.running.records import Records
with Records(sys.argv[1], create=False) as records:
    print(records.run("last").name, len(records.trials(records.run("last").id)))
"""


def test_another_process_reads_while_one_is_writing(records, path):
    run = records.start_run("digits")
    with records.together():
        records.add_trials(trial(run, number) for number in range(10))
        assert python(LOOK, path).stdout == "digits 0\n"
    assert python(LOOK, path).stdout == "digits 10\n"


WRITE = """
import sys
from pipeline.running.records import Records, TrialRow
with Records(sys.argv[1]) as records:
    run = records.start_run("digits", at=1.8e9)
    for number in range(100):
        records.add_trials([TrialRow(run, str(number), "", {}, number)])
print(run)
"""


def test_two_processes_make_and_write_one_record_at_once(path):
    command = [sys.executable, "-c", WRITE, str(path)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    ids = [writer.communicate(timeout=60)[0].strip() for writer in writers]
    assert len(set(ids)) == 3
    with Records(path) as records:
        assert [len(records.trials(run)) for run in ids] == [100] * 3
    assert [file.name for file in path.parent.iterdir()] == ["records.sqlite"]


def test_a_record_that_another_process_has_made_meanwhile_is_kept(records, path):
    run = records.start_run("digits")
    make(path)
    with Records(path) as again:
        assert again.run("last").id == run


def test_a_locked_record_is_said_and_what_to_do(records, path):
    with records.together(), Records(path, timeout=0.01) as second:
        wait = r"records\.sqlite: database is locked\n    another process is writing it: wait"
        with pytest.raises(StoreError, match=wait):
            second.start_run("digits")


# Damage


def trials(path, run):
    with Records(path) as records:
        return records.trials(run)


def test_a_truncated_record_is_said_with_the_fix(path):
    with Records(path) as records:
        run = records.start_run("digits")
        records.add_trials(trial(run, number) for number in range(2000))
    content = path.read_bytes()
    for length in (0, 1, 100, 4096, 5000, len(content) // 2, len(content) - 4096, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(StoreError, match=r"records\.sqlite.*\n    move it away \(mv "):
            trials(path, run)


GARBAGE = [b"", b"years of work", bytes(8192), b"SQLite format 3\0" + b"\xff" * 9000]


@pytest.mark.parametrize("content", GARBAGE)
@pytest.mark.parametrize("create", [True, False])
def test_garbage_is_said_and_left_alone(path, content, create):
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"\n    move it away \(mv "):
        Records(path, create=create)
    assert path.read_bytes() == content


def test_flipped_bytes_never_give_a_traceback(path):
    with Records(path) as records:
        run = records.start_run("digits")
        records.add_trials(trial(run, number) for number in range(300))
        records.add_nodes(node(run, "fit", number) for number in range(300))
    content, chance = path.read_bytes(), random.Random(0)
    for _ in range(100):
        bad = bytearray(content)
        for place in chance.sample(range(len(bad)), 50):
            bad[place] = chance.randrange(256)
        path.write_bytes(bad)
        with suppress(StoreError, UserError), Records(path, create=False) as records:
            records.nodes(records.run("last").id)
            records.trials(records.run("last").id)


def test_another_programs_database_is_refused(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE thesis (chapter)")
    connection.close()
    with pytest.raises(StoreError, match="is not plait's record of runs"):
        Records(path)


def test_a_record_of_a_newer_version_is_refused(records, path):
    records.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="a record of version 99; this plait reads version 1"):
        Records(path)


def test_looking_at_no_record_makes_none(path):
    with Records(path, create=False) as records:
        assert records.runs() == []
    assert not path.exists()


def test_a_record_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot open .*records\.sqlite"):
        Records(tmp_path / "file" / "records.sqlite")


READ_ONLY = """
import os, sys
from pipeline.errors import StoreError
from pipeline.running.records import Records
if os.getuid() == 0:
    os.setuid(65534)
print(Records(sys.argv[1], create=False).run("last").name)
try:
    Records(sys.argv[1]).start_run("digits")
except StoreError as error:
    print(error)
"""


def test_a_record_without_permission_is_read_and_says_so_when_written():
    with TemporaryDirectory() as root:  # where another user may look, unlike in tmp_path
        path = Path(root) / "records.sqlite"
        with Records(path) as records:
            records.start_run("digits")
        path.chmod(0o444)
        Path(root).chmod(0o555)
        done = python(READ_ONLY, path)
        Path(root).chmod(0o755)
        name, message, fix = done.stdout.splitlines()
        assert name == "digits"
        assert message.startswith(f"cannot use {path}: ")
        assert fix == "    make it and its directory writable for you, or name another store"
