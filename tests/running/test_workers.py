"""Workers that are other processes: their versions, their resources, their coming and going."""

import shutil
import threading
from contextlib import closing

import pytest
from distributed import Client
from outside import ROOT, Outside, until

from pipeline import UserError, __version__
from pipeline.running.records import Records

HERON = """
from pipeline import optimizer

@optimizer
def heron(w, g, state, t, *, lr: float = 0.1):
    \"\"\"Step against the gradient.\"\"\"
    return w - lr * g, ()
"""


@pytest.fixture
def outside(tmp_path):
    """A scheduler without workers."""
    folder = tmp_path / "outside"
    folder.mkdir()
    with closing(Outside(folder)) as cluster:
        yield cluster


def nothing_was_run(small):
    return not (small.store.root / "logs").exists() or not list((small.store.root / "logs").glob("*/*.log"))


def with_heron(small, folder, version):
    """Install a plugin's distribution into a folder, and return it."""
    info = folder / f"plait_heron-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plait-heron\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[plait]\noptimizer.heron = plait_heron\n")
    (folder / "plait_heron.py").write_text(HERON)
    return str(folder)


def heron_file(small):
    file = small.file()
    file.write_text(file.read_text().replace("optimizer.sgd", "optimizer.heron"))
    return file


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (None, "lacks the plugin plait-heron, of which this process has 1.2"),
        ("1.1", "has plait-heron 1.1, and this process plait-heron 1.2"),
    ],
)
def test_a_plugin_that_a_worker_lacks_or_has_otherwise_is_named_with_the_fix(
    small, outside, tmp_path, monkeypatch, theirs, message
):
    monkeypatch.syspath_prepend(with_heron(small, tmp_path / "here", "1.2"))
    path = with_heron(small, tmp_path / "there", theirs) if theirs else ""
    outside.worker(env={"PYTHONPATH": path})
    with pytest.raises(UserError) as caught:
        small.run(heron_file(small), cluster=outside.address)
    assert "worker tcp://127.0.0.1:" in str(caught.value)
    assert message in str(caught.value)
    assert "pip install plait-heron==1.2" in str(caught.value)
    assert nothing_was_run(small)


def test_a_plugin_that_all_have_alike_runs(small, outside, tmp_path, monkeypatch):
    path = with_heron(small, tmp_path / "here", "1.2")
    monkeypatch.syspath_prepend(path)
    outside.worker(env={"PYTHONPATH": path})
    assert small.run(heron_file(small), cluster=outside.address).state == "done"


def test_a_plugin_that_the_file_does_not_use_may_be_missing(small, outside, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(with_heron(small, tmp_path / "here", "1.2"))
    outside.worker(env={"PYTHONPATH": ""})
    assert small.run(cluster=outside.address).state == "done"


def test_a_worker_with_another_plait_is_named_with_both_versions(small, outside, tmp_path):
    copy = tmp_path / "copy"
    for name in ("pipeline", "plugins"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    init = copy / "pipeline" / "__init__.py"
    init.write_text(f'{init.read_text()}\n__version__ = "0.0.9"\n')
    outside.worker(folder=copy, env={"PYTHONPATH": str(copy)})
    with pytest.raises(
        UserError, match=rf"has plait 0\.0\.9, and this process plait {__version__}\n.*pip install"
    ):
        small.run(cluster=outside.address)


def test_a_worker_without_plait_is_named(small, outside, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_PLAIT)
    outside.worker(env={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(UserError, match=r"worker tcp://.* has no plait, or another version.*\n.*pip install"):
        small.run(cluster=outside.address)
    assert nothing_was_run(small)


def test_a_resource_that_no_worker_has_is_an_error_and_not_a_wait(small, outside):
    outside.worker("--resources", "RAM=2")
    with pytest.raises(
        UserError,
        match=r"no worker .*: GPU: 1\n    the 1 connected have: RAM: 2\n.*--resources \"GPU=1\"",
    ):
        small.run(cluster={"address": outside.address, "resources": {"GPU": 1}})
    assert nothing_was_run(small)


def test_processes_of_this_machine_without_gpus_have_none_to_give(small):
    with pytest.raises(UserError, match=r"no worker of the cluster local:2 .*: GPU: 1"):
        small.run(cluster="local:2", file=gpu_file(small))


def gpu_file(small):
    file = small.file()
    file.write_text(f"{file.read_text()}cluster: {{resources: {{GPU: 1}}}}\n")
    return file


def test_tasks_run_only_where_their_resources_are(small, outside, tmp_path):
    outside.worker("--name", "bare")
    outside.worker("--name", "rich", "--resources", "GPU=1")
    with Client(outside.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        workers = client.scheduler_info(n_workers=-1)["workers"]
        rich = next(address for address, worker in workers.items() if worker["name"] == "rich")
    results = small.run(gpu_file(small), cluster=outside.address)
    assert results.state == "done"
    logs = [path.read_text() for path in (small.store.root / "logs").glob("*/*.log")]
    assert logs
    assert all(f"on {rich}\n" in log for log in logs)


WITHOUT_PLAIT = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pipeline":
            raise ModuleNotFoundError("No module named 'pipeline'", name="pipeline")

sys.meta_path.insert(0, Blocker())
"""

SLOW = """
import time
from pipeline import regularizer, Verdict

def rule(history, *, pause):
    time.sleep(pause)
    return Verdict()

@regularizer
def slow(objective, *, pause: float = 0.05):
    \"\"\"Take time at the end of each epoch.\"\"\"
    objective.after_epoch(rule, pause=pause)
"""


TRAININGS = {"rates": "[0.1]", "space": ", net.hidden: [[3], [4], [5], [6], [7], [8]]", "seeds": 1}
EPOCHS = 20


def slow_file(small):
    """Write a file of six trainings that take a second each and cannot share a cohort."""
    stage = small.stage("slow", SLOW)
    node = "  odd: {stage: regularizer.slow}"
    ports = ", regularizers: [odd]"
    return small.file(plugins=[stage], nodes=node, ports=ports, epochs=EPOCHS, **TRAININGS)


def test_a_worker_that_joins_late_helps_and_one_that_is_killed_costs_nothing(small, outside, tmp_path):
    first = outside.worker("--name", "first")
    file, done = slow_file(small), []
    run = threading.Thread(target=lambda: done.append(small.run(file, cluster=outside.address)))
    run.start()
    logs = small.store.root / "logs"

    def places():
        texts = [path.read_text() for path in logs.glob("*/fit-*.log")]
        return {text.partition(" on ")[2].partition("\n")[0] for text in texts}

    (early,) = until(places, "a training on the first worker")
    outside.worker("--name", "second")
    until(lambda: places() - {early}, "a training on the worker that joined late")
    assert done == []
    first.kill()
    run.join(timeout=120)
    assert done[0].state == "done"
    with Records(small.store.records) as records:
        assert {row.state for row in records.nodes(done[0].run)} == {"done"}
    alone = small.run(small.file(epochs=EPOCHS, **TRAININGS), store=tmp_path / "alone")
    assert small.weights(done[0]) == small.weights(alone)
