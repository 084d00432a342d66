"""Ensembles that learn, in a run: on the validation split of the data that all their members trained on."""

import pytest

from pipeline.api import run

DAG = """
plait: 1
name: learned
seed: 3
nodes:
  cells: {stage: data.breast_cancer}
  parts: {stage: transform.split, inputs: {data: cells}, options: {validation: 0.3}}
  rows:  {stage: ROWS, inputs: {data: parts}}
  net:   {stage: model.linear}
  adam:  {stage: optimizer.adam}
  fit:   {stage: train.minibatch, inputs: {data: rows, model: net, optimizer: adam}, options: {epochs: 2}}
  group: {stage: ensemble.STAGE, inputs: {models: fit}, gather: all}
  score: {stage: evaluate.classification, inputs: {model: group, data: parts}, options: {metrics: [accuracy]}}
sweep:
  seeds: {values: 2, nodes: NODES}
"""


def ran(folder, stage="stacking", rows="transform.standardize", nodes="[fit]"):
    text = DAG.replace("STAGE", stage).replace("ROWS", rows).replace("NODES", nodes)
    (folder / "dag.yaml").write_text(text)
    return run(folder / "dag.yaml", store=folder / "store", cluster="inline")


@pytest.mark.parametrize("stage", ["stacking", "selection"])
def test_they_are_scored_as_any_other_and_not_on_what_they_learned_from(stage, tmp_path):
    results = ran(tmp_path, stage)
    assert results.exit_code == 0
    assert results.nodes["score"]["metrics"]["accuracy"] > 0.5
    assert results.nodes["group"]["metrics"] == {}


def test_they_are_taken_from_the_store_with_what_they_learned(tmp_path):
    first, again = ran(tmp_path), ran(tmp_path)
    assert again.nodes["group"]["state"] == "cached"
    assert first.nodes["score"]["metrics"] == again.nodes["score"]["metrics"]


def test_members_of_different_bags_are_refused_in_a_line(tmp_path):
    results = ran(tmp_path, rows="transform.bootstrap", nodes="[rows, fit]")
    (error,) = results.nodes["group"]["errors"]
    assert "trained on different data sets" in error
    assert "ensemble.average" in error
