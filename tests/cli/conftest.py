import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.cli.app import app

SMALL = """\
plait: 1
name: small
nodes:
  cells:  {stage: data.breast_cancer}
  parts:  {stage: transform.split, inputs: {data: cells}}
  scaled: {stage: transform.standardize, inputs: {data: parts}}
  net:    {stage: model.mlp, options: {hidden: [4]}}
  adam:   {stage: optimizer.adam}
  fit:    {stage: train.minibatch, inputs: {data: scaled, model: net, optimizer: adam}, options: {epochs: 2}}
  vote:   {stage: ensemble.average, inputs: {models: fit}, gather: all}
  score:
    stage: evaluate.classification
    inputs: {model: vote, data: scaled}
    options: {metrics: [accuracy]}
sweep:
  space: {adam.lr: [1e-2, 2e-2]}
  seeds: 2
cluster: inline
"""


@dataclass
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def plait(capsys, monkeypatch, tmp_path):
    """Run the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLAIT_STORE", raising=False)

    def run(*arguments):
        with pytest.raises(SystemExit) as exit:
            app([str(argument) for argument in arguments], prog_name="plait")
        printed = capsys.readouterr()
        return Ended(exit.value.code or 0, printed.out, printed.err)

    return run


@pytest.fixture
def small(tmp_path):
    """A DAG file of four small nets and an ensemble of them."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """The store of a run of the small DAG, and the run's id."""
    from pipeline.api import run

    folder = tmp_path_factory.mktemp("ran")
    (folder / "small.yaml").write_text(SMALL)
    results = run(folder / "small.yaml", store=folder / "store")
    return folder / "store", results.run


@pytest.fixture(scope="session")
def imported_by():
    """Say which modules a command imports, in a process of its own."""

    def modules(*arguments):
        words = [str(argument) for argument in arguments]
        start = f"from pipeline.cli.app import app\ntry: app({words!r})\n"
        code = f"{start}except SystemExit: import sys; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return set(done.stdout.splitlines()[-1].split())

    return modules
