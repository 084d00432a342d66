"""Stages from elsewhere: real packages, built and installed into a fresh environment, and a local file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

STAGES = {
    "optimizer": '''
from pipeline import ops, optimizer
from pipeline.options import Positive, Probability


@optimizer
def signum(w, g, state, t, *, lr: Positive = 1e-3, momentum: Probability = 0.9):
    """Step by the sign of the momentum.  Bernstein et al. 2018 (arXiv:1802.04434), algorithm 2."""
    (m,) = state or (0.0,)
    m = momentum * m + (1 - momentum) * g
    return w - lr * ops.sign(m), (m,)
''',
    "model": '''
from pipeline import model, ops
from pipeline.options import Count


@model
def bottleneck(x, net, *, width: Count = 24, outputs: int):
    """One narrow layer: (batch, *features) -> (batch, outputs)."""
    h = net.hidden(ops.tanh(net.dense(ops.flatten(x), width, name="narrow")))
    return net.dense(h, outputs, name="out")
''',
    "augment": '''
from pipeline import augment
from pipeline.options import NonNegative


@augment
def brightness(x, rng, *, amount: NonNegative = 0.1):
    """Make each example brighter or darker by a normal factor."""
    return x * (1 + amount * rng.normal((x.shape[0],) + (1,) * (x.ndim - 1)))
''',
    "regularizer": '''
from pipeline import ops, regularizer
from pipeline.options import NonNegative


@regularizer
def quartic(objective, *, strength: NonNegative = 1e-4):
    """Add strength times the sum of the fourth powers of the weights."""
    objective.add(strength * sum(ops.sum(w**4) for w in objective.weights))
''',
    "evaluate": '''
from pipeline import evaluate


@evaluate
def top_two(model, data, *, split: str = "test"):
    """Measure how often the true class is among the two likeliest."""
    _, labels = data.split(split)
    likeliest = model.predict_split(data, split).argsort(axis=1)[:, -2:]
    return {"top_two": float((likeliest == labels[:, None]).any(axis=1).mean())}
''',
}
NAMES = {
    "optimizer": "signum",
    "model": "bottleneck",
    "augment": "brightness",
    "regularizer": "quartic",
    "evaluate": "top_two",
}

DAG = """
plait: 1
name: elsewhere
seed: 3
nodes:
  digits: {stage: data.digits}
  parts: {stage: transform.split, inputs: {data: digits}}
  light: {stage: augment.brightness}
  net: {stage: model.bottleneck, options: {width: 16}}
  decay: {stage: regularizer.quartic}
  signum: {stage: optimizer.signum}
  fit:
    stage: train.minibatch
    inputs: {data: parts, augment: [light], model: net, regularizers: [decay], optimizer: signum}
    options: {epochs: 3}
  score: {stage: evaluate.top_two, inputs: {model: fit, data: parts}}
sweep:
  space: {signum.lr: [1e-3, 3e-3]}
"""
SMALL = """
plait: 1
name: small
nodes:
  digits: {{stage: data.digits}}
  net: {{stage: model.linear}}
  step: {{stage: optimizer.{optimizer}}}
  fit: {{stage: train.minibatch, inputs: {{data: digits, model: net, optimizer: step}}}}
"""


@dataclass(frozen=True)
class Place:
    """An environment where packages are installed beside plait."""

    python: Path

    def install(self, *folders: Path) -> None:
        """Build and install packages from their folders, with no network."""
        offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", *offline]
        run([*pip, *map(str, folders)], folders[0]).check_returncode()

    def plait(self, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command in `folder`."""
        return run([str(self.python), "-m", "pipeline", *arguments], folder, **environment)


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
    print(done.stdout, done.stderr)  # shown when a test fails
    return done


def package(folder: Path, name: str, source: str, entry_point: str, version: str = "1.0") -> Path:
    """Write a package of one module with one entry point."""
    home = folder / name
    home.mkdir()
    module = name.replace("-", "_")
    (home / f"{module}.py").write_text(source)
    (home / "pyproject.toml").write_text(
        f"""
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"

[project.entry-points.plait]
"{entry_point}" = "{module}"

[tool.setuptools]
py-modules = ["{module}"]
"""
    )
    return home


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A fresh environment with plait and what it needs, and the packages of these tests."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], folder).check_returncode()
    python = folder / "venv" / "bin" / "python"
    # Plait and its dependencies are seen where they are; what is installed here stays here.
    found = run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder)
    seen = [sysconfig.get_path("purelib"), str(ROOT)]
    lines = [f"import site; site.addsitedir({path!r})" for path in seen]
    (Path(found.stdout.strip()) / "plait_is_there.pth").write_text("\n".join(lines))
    puma = STAGES["optimizer"].replace("def signum", "def puma")
    packages = [
        package(folder, f"plait-{NAMES[kind]}", source, NAMES[kind]) for kind, source in STAGES.items()
    ]
    packages += [
        package(folder, "puma-one", puma, "puma", "1.5"),
        package(folder, "puma-two", puma, "optimizer.puma", "2.5"),
        package(folder, "plait-broken", "import json\n\njson.loads('no')\n", "broken", "0.3"),
    ]
    place = Place(python)
    place.install(*packages)
    return place


def metrics(done: subprocess.CompletedProcess[str]) -> list[float]:
    """Read the measure `top_two` of each trial from what `plait run --json` printed."""
    assert done.returncode == 0
    return [trial["metrics"]["top_two"] for trial in json.loads(done.stdout)["trials"]]


def test_a_dag_runs_with_five_packages_of_third_parties(place, tmp_path):
    (tmp_path / "elsewhere.yaml").write_text(DAG)
    measured = metrics(place.plait(tmp_path, "run", "elsewhere.yaml", "--json"))
    assert len(measured) == 2
    assert all(0.5 < value <= 1 for value in measured)


def test_a_dag_runs_with_a_local_file(place, tmp_path):
    own = "".join(STAGES.values())
    for name in NAMES.values():
        own = own.replace(f"def {name}", f"def my_{name}")
    (tmp_path / "my_stages.py").write_text(own)
    dag = DAG.replace("nodes:", "plugins: [./my_stages.py]\nnodes:", 1)
    for kind, name in NAMES.items():
        dag = dag.replace(f"stage: {kind}.{name}", f"stage: {kind}.my_{name}")
    (tmp_path / "own.yaml").write_text(dag)
    measured = metrics(place.plait(tmp_path, "run", "own.yaml", "--json"))
    assert len(measured) == 2
    assert all(0.5 < value <= 1 for value in measured)


def test_installed_stages_are_listed_beside_the_built_in_ones(place, tmp_path):
    done = place.plait(tmp_path, "plugins", "list", "--json")
    listed = {stage["stage"]: stage for stage in json.loads(done.stdout)["stages"]}
    assert {f"{kind}.{name}" for kind, name in NAMES.items()} <= set(listed)
    assert listed["optimizer.signum"]["distribution"] == "plait-signum"
    assert listed["optimizer.adam"]["distribution"] == "plait"


def test_installed_stages_take_the_conformance_kit(place, tmp_path):
    code = "".join(
        f"from plait_{name} import {name}; check_stage({name}, {kind!r})\n" for kind, name in NAMES.items()
    )
    done = run([str(place.python), "-c", f"from pipeline.testing import check_stage\n{code}"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_two_distributions_claim_is_told_with_both(place, tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL.format(optimizer="puma"))
    done = place.plait(tmp_path, "check", "small.yaml")
    assert done.returncode == 2
    assert "puma-one 1.5" in done.stderr
    assert "puma-two 2.5" in done.stderr
    assert "small.yaml:7" in done.stderr
    assert "Traceback" not in done.stderr


def test_blocking_one_of_them_resolves_it(place, tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL.format(optimizer="puma"))
    assert place.plait(tmp_path, "check", "small.yaml", PLAIT_BLOCK="puma-two").returncode == 0


def test_a_broken_package_is_told_with_the_line_that_failed_where_it_is_named(place, tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL.format(optimizer="broken"))
    done = place.plait(tmp_path, "check", "small.yaml")
    assert done.returncode == 2
    assert "plait-broken 0.3 (entry point broken)" in done.stderr
    assert "plait_broken.py:3: JSONDecodeError" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_package_is_in_nobodys_way(place, tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL.format(optimizer="signum"))
    assert place.plait(tmp_path, "check", "small.yaml").returncode == 0
    listed = json.loads(place.plait(tmp_path, "plugins", "list", "--json").stdout)
    assert [(plugin["distribution"], plugin["line"]) for plugin in listed["broken"]] == [("plait-broken", 3)]
