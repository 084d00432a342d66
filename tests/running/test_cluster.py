"""Runs on real worker processes: the local ones, an address, a class; killed workers, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest
from distributed import LocalCluster

from pipeline import PlaitError, UserError
from pipeline.running.cluster import ClusterSpec, cluster_spec, connect
from pipeline.running.dask_pool import DaskPool
from pipeline.running.records import Records

FILES = {"ca_file": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
GPU = {"GPU": 1}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a scheduler with two workers, processes of their own that this module's tests share."""
    client, cluster = connect(ClusterSpec("local"), 2, "numpy")
    assert isinstance(cluster, LocalCluster)
    yield cluster.scheduler_address
    client.close()
    cluster.close()


@pytest.mark.parametrize(
    ("wanted", "from_file", "spec"),
    [
        (None, None, ClusterSpec("local")),
        ("inline", None, ClusterSpec("inline", 1)),
        ("local:3", {"address": "tcp://a:1"}, ClusterSpec("local", 3)),
        ("tcp://a:1", None, ClusterSpec("address", target="tcp://a:1")),
        (None, {"address": "tcp://a:1"}, ClusterSpec("address", target="tcp://a:1")),
        ("m:C", {"class": "m:C", "kwargs": {"n": 2}}, ClusterSpec("class", target="m:C", kwargs={"n": 2})),
        ("m:D", {"class": "m:C", "kwargs": {"n": 2}}, ClusterSpec("class", target="m:D")),
        ("tls://a:1", {"security": FILES}, ClusterSpec("address", target="tls://a:1", security=FILES)),
        (
            "tcp://b:1",
            {"address": "tls://a:1", "security": FILES},
            ClusterSpec("address", target="tcp://b:1"),
        ),
        ("m:C", {"resources": GPU}, ClusterSpec("class", target="m:C", resources=GPU)),
        (None, {"resources": GPU}, ClusterSpec("local", resources=GPU)),
        (None, {"scheduler_file": "s.json"}, ClusterSpec("file", target="s.json")),
    ],
)
def test_a_cluster_is_what_was_asked_for_or_else_what_the_file_says(wanted, from_file, spec):
    assert cluster_spec(wanted, from_file) == spec


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("locl", r"there is no cluster 'locl'\n    allowed: inline, local, .*\n    did you mean 'local'"),
        ("local:many", "'many' is not a number of processes"),
        ({"kwargs": {"n": 1}}, "kwargs but no class"),
    ],
)
def test_a_cluster_that_is_none_is_refused(wanted, message):
    with pytest.raises(UserError, match=message):
        cluster_spec(wanted)


def test_an_address_where_nobody_answers_is_said_at_once(small):
    with pytest.raises(
        UserError, match=r"cannot reach a Dask scheduler at tcp://127\.0\.0\.1:9: .*\n.*dask scheduler"
    ):
        small.run(cluster="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere:Cluster", "cannot be imported: No module named 'nowhere'"),
        ("distributed:Nothing", "cannot be imported"),
    ],
)
def test_a_class_that_cannot_be_imported_is_said(small, target, message):
    with pytest.raises(UserError, match=message):
        small.run(cluster=target)


def test_local_processes_give_the_same_weights_and_leave_the_environment_alone(small, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    here = small.run()
    before = dict(os.environ)
    there = small.run(cluster="local:2", store=tmp_path / "other")
    assert there.state == "done"
    assert small.weights(there) == small.weights(here)
    assert dict(os.environ) == before


def test_without_a_cluster_asked_for_this_process_runs_what_cannot_run_side_by_side(small, monkeypatch):
    monkeypatch.setattr("pipeline.running.dask_pool.connect", None)
    one = {"sgd.lr": 0.1, "sweep.seeds": [0, 1]}
    assert small.run(set=one, to="fit", cluster=None).state == "done"


def test_nothing_is_started_where_there_is_nothing_to_run(small, monkeypatch):
    small.run()
    monkeypatch.setattr("pipeline.running.dask_pool.connect", None)
    assert small.run(cluster="local:2").cached == 8


def test_an_address_and_events_of_workers(small, address):
    events = []
    results = small.run(cluster=address, trackers=[events.append])
    assert results.state == "done"
    assert {event.name for event in events} >= {"node_started", "epoch_started", "epoch_ended", "node_ended"}
    with Records(small.store.records) as records:
        assert {row.state for row in records.nodes(results.run)} == {"done"}


def test_a_class_path_with_kwargs(small):
    cluster = {
        "class": "distributed:LocalCluster",
        "kwargs": {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": ":0"},
    }
    assert small.run(cluster=cluster).state == "done"


def test_a_local_plugin_works_in_workers(small, address):
    plugin = small.stage(
        "mine",
        "from pipeline import optimizer\n"
        "@optimizer\n"
        "def mine(w, g, state, t, *, lr: float = 0.1):\n"
        '    """Step against the gradient."""\n'
        "    return w - lr * g, ()\n",
    )
    file = small.file(plugins=[plugin])
    file.write_text(file.read_text().replace("optimizer.sgd", "optimizer.mine"))
    assert small.run(file, cluster=address).state == "done"


@pytest.fixture
def threads() -> Iterator[LocalCluster]:
    """A cluster in this process, without a worker at first."""
    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0", protocol="tcp") as cluster:
        yield cluster


def test_a_scheduler_without_workers_is_said_instead_of_waiting_for_ever(small, threads, monkeypatch):
    monkeypatch.setattr("pipeline.running.cluster.CONNECT_SECONDS", 0.2)
    with pytest.raises(UserError, match=r"has no workers\n    start some with `dask worker tcp://"):
        small.run(cluster=threads.scheduler_address)


def test_workers_that_leave_for_good_end_the_run_with_a_sentence(threads, monkeypatch):
    monkeypatch.setattr("pipeline.running.dask_pool.DESERTED_SECONDS", 0.0)
    pool = DaskPool(ClusterSpec("address", target=threads.scheduler_address), 1, "numpy")
    with closing(pool), pytest.raises(PlaitError, match="no worker process is left"):
        [pool.wait(0.01) for _ in range(3)]


KILLS_ITS_WORKER = """
import os, signal
from pathlib import Path
from pipeline import transform

@transform
def deadly(data, rng, *, mark: str = "", always: bool = False):
    \"\"\"Kill the process that runs this: the first time, or always.\"\"\"
    if always or not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return data
"""


def with_deadly(small, mark, **options):
    plugin = small.stage("deadly", KILLS_ITS_WORKER)
    given = "".join(f", {name}: {value}" for name, value in options.items())
    node = f"  trap: {{stage: transform.deadly, inputs: {{data: parts}}, options: {{mark: {mark}{given}}}}}"
    file = small.file(nodes=node, plugins=[plugin])
    file.write_text(file.read_text().replace("inputs: {data: parts, model", "inputs: {data: trap, model"))
    return file


def test_a_killed_worker_costs_nothing_but_time(small, address, tmp_path):
    killed = small.run(with_deadly(small, tmp_path / "mark"), cluster=address)
    assert killed.state == "done"
    clean = small.run(store=tmp_path / "clean")
    assert small.weights(killed) == small.weights(clean)


def test_an_instance_that_kills_every_worker_fails_with_what_it_waits_for_skipped(small, address, tmp_path):
    results = small.run(with_deadly(small, tmp_path / "mark", always="true"), cluster=address)
    assert small.states(results)["trap"] == "failed"
    assert small.states(results)["fit"] == "skipped"
    assert "its worker process died" in results.nodes["trap"]["errors"][0]
    assert results.exit_code == 1
    with Records(small.store.records) as records:
        (row,) = records.nodes(results.run, "trap")
    assert (row.error["cause"], row.error["worker"][:6], len(row.trials)) == ("stage", "tcp://", 4)
    assert "1 instances on tcp://" in (small.store.root / row.log).read_text()


KILLS_FOR_ONE = """
import os, signal
from pipeline import regularizer, Verdict

def rule(history, *, strength):
    if strength == 3.0:
        os.kill(os.getpid(), signal.SIGKILL)
    return Verdict()

@regularizer
def lethal(objective, *, strength: float = 1.0):
    \"\"\"Kill the process that trains, for one value.\"\"\"
    objective.after_epoch(rule, strength=strength)
"""


def test_a_trial_that_kills_workers_fails_alone(small, address):
    plugin = small.stage("lethal", KILLS_FOR_ONE)
    node, space = "  odd: {stage: regularizer.lethal}", ", odd.strength: [1.0, 2.0, 3.0]"
    changes = {"ports": ", regularizers: [odd]", "rates": "[0.1]", "seeds": "[0]", "gather": "all"}
    results = small.run(small.file(plugins=[plugin], nodes=node, space=space, **changes), cluster=address)
    assert [trial["state"] for trial in results.trials] == ["done", "done", "failed"]
    assert len(results.model("vote").members) == 2


SLOW = """
import time
from pipeline import regularizer
from pipeline import Verdict

def rule(history, *, pause):
    time.sleep(pause)
    return Verdict()

@regularizer
def slow(objective, *, pause: float = 0.02):
    \"\"\"Take time at the end of each epoch.\"\"\"
    objective.after_epoch(rule, pause=pause)
"""

# No guard on __main__: worker processes must not run this script again.
SCRIPT = """
import sys, pipeline
results = pipeline.run(sys.argv[1], store=sys.argv[2], cluster=sys.argv[3], backend="numpy")
print(results.state, results.exit_code, flush=True)
"""


def started(small, cluster):
    """Start a slow run in a process of its own and wait until its training has begun."""
    stage = small.stage("slow", SLOW)
    node = "  odd: {stage: regularizer.slow}"
    file = small.file(plugins=[stage], nodes=node, ports=", regularizers: [odd]", epochs=400, rates="[0.1]")
    script = small.folder / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(script), str(file), str(small.store.root), cluster]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    driver = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
    logs = small.store.root / "logs"
    while driver.poll() is None and not list(logs.glob("*/fit-*.log")):
        time.sleep(0.05)
    return file, driver


@pytest.mark.parametrize(("cluster", "number"), [("inline", signal.SIGTERM), ("local:2", signal.SIGINT)])
def test_a_signal_stops_cleanly_and_the_next_run_goes_on(small, cluster, number):
    file, driver = started(small, cluster)
    os.killpg(driver.pid, number)  # as a terminal does: the workers get it too
    output, errors = driver.communicate(timeout=60)
    assert output == "stopped 1\n", errors
    assert "stopping after the current epoch" in errors
    assert "Traceback" not in errors
    with Records(small.store.records) as records:
        run = records.run("last")
        assert run.state == "stopped"
        assert {row.state for row in records.nodes(run.id, "parts")} == {"done"}
        assert {row.state for row in records.nodes(run.id, "fit")} == {"stopped"}
    file.write_text(file.read_text().replace("epochs: 400", "epochs: 2"))
    again = small.run(file)
    assert (again.state, again.nodes["parts"]["state"]) == ("done", "cached")


def test_a_run_whose_driver_was_killed_is_taken_up_by_the_next(small):
    file, driver = started(small, "inline")
    driver.kill()
    driver.communicate()
    file.write_text(file.read_text().replace("epochs: 400", "epochs: 2"))
    assert small.run(file).nodes["parts"]["state"] == "cached"
    with Records(small.store.records) as records:
        assert [run.state for run in records.runs()] == ["done", "stopped"]


def test_a_killed_driver_leaves_no_process(small):
    _, driver = started(small, "local:2")
    family = psutil.Process(driver.pid).children(recursive=True)
    assert len(family) >= 3  # two workers, and the process that they were forked from
    driver.kill()
    driver.communicate()
    assert psutil.wait_procs(family, timeout=60)[1] == []
