"""Three techniques of the catalogue, written elsewhere: with plait's public names alone, as entry points."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

import pytest

import pipeline
from pipeline.api import run
from pipeline.stages.registry import Registry
from pipeline.testing import check_stage, probes

HERE = Path(__file__).parent
PACKAGE = HERE / "plait_perturb"
STAGES = ("evaluate.purity", "evaluate.signed", "regularizer.smooth")
ELSEWHERE = {"numpy", "sklearn"}

DAG = """
plait: 1
name: elsewhere
seed: 2
nodes:
  digits: {{stage: data.digits}}
  parts:  {{stage: transform.split, inputs: {{data: digits}}}}
  few:    {{stage: transform.unlabel, inputs: {{data: parts}}, options: {{labelled: 5, repeat: 4}}}}
  net:    {{stage: model.mlp, options: {{hidden: [16]}}}}
  adam:   {{stage: optimizer.adam, options: {{lr: 5e-3}}}}
  vat:    {{stage: {vat}, options: {{epsilon: 4.0, rows: 32}}}}
  fit:
    stage: train.minibatch
    inputs: {{data: few, model: net, optimizer: adam, regularizers: vat}}
    options: {{epochs: 5}}
  struck: {{stage: {attack}, inputs: {{model: fit, data: few}}, options: {{epsilon: 2.0}}}}
{more}
"""
PURITY = "  seen:   {stage: evaluate.purity, inputs: {model: fit, data: few}}"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the package look installed: its folder and the metadata of its entry points are found."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    home = tmp_path / "site" / "plait_perturb-1.0.dist-info"
    home.mkdir(parents=True)
    home.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = [f"{name} = {place}" for name, place in project["entry-points"]["plait"].items()]
    home.joinpath("entry_points.txt").write_text("\n".join(["[plait]", *points]) + "\n")
    for folder in (HERE, home.parent):
        monkeypatch.syspath_prepend(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE.name]:
        monkeypatch.delitem(sys.modules, name)


def imports(path: Path) -> list[tuple[str, str]]:
    """List the modules that a file imports, with the names from each."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [("." * node.level + (node.module or ""), alias.name) for alias in node.names]
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_it_imports_public_names_alone(path):
    for module, name in imports(path):
        if module == "pipeline":
            assert name in pipeline.__all__
        elif module.startswith("pipeline."):
            assert module.count(".") == 1
            assert module.removeprefix("pipeline.") in pipeline.__all__
        else:
            assert module.split(".")[0] in ELSEWHERE


def test_its_stages_are_found_by_their_entry_points(installed):
    registry = Registry()
    assert [registry.stage(ref).distribution for ref in STAGES] == ["plait-perturb"] * 3


def test_its_stages_conform(installed):
    registry, data = Registry(), probes.table("classes")
    check_stage(registry.stage("regularizer.smooth"))
    check_stage(registry.stage("evaluate.signed"))
    embedding = registry.stage("evaluate.purity")
    check_stage(embedding, data=data, model=probes.predictor(data, 0), options={"neighbours": 2})


def measured(folder: Path, name: str, vat: str, attack: str, more: str = "") -> dict[str, dict[str, float]]:
    (folder / f"{name}.yaml").write_text(DAG.format(vat=vat, attack=attack, more=more))
    results = run(folder / f"{name}.yaml", store=folder / name, cluster="inline")
    assert results.exit_code == 0, [node["errors"] for node in results.nodes.values()]
    return {node: found["metrics"] for node, found in results.nodes.items()}


def test_in_a_dag_they_do_what_the_built_in_ones_do(installed, tmp_path):
    theirs = measured(tmp_path, "theirs", "regularizer.smooth", "evaluate.signed", PURITY)
    ours = measured(tmp_path, "ours", "regularizer.virtual_adversarial", "evaluate.attack")
    assert theirs["fit"]["loss"] == pytest.approx(ours["fit"]["loss"], rel=1e-5)
    assert theirs["struck"]["error"] == pytest.approx(ours["struck"]["error"], abs=0.01)
    assert theirs["struck"]["error"] > 1 - theirs["fit"]["accuracy"]
    assert 0.5 < theirs["seen"]["purity"] <= 1
