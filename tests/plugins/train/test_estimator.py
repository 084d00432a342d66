import numpy as np
import pytest

from pipeline import DataSet, run
from pipeline.stages.registry import Registry
from pipeline.testing import check_stage
from plugins.train.estimator import estimator

DAG = """\
plait: 1
nodes:
  given:  {stage: data.arrays}
  parts:  {stage: transform.split, inputs: {data: given}, options: {validation: 0.2, test: 0.2}}
  tree:   {stage: model.tree}
  fit:    {stage: train.estimator, inputs: {data: parts, model: tree}}
  vote:   {stage: ensemble.vote, inputs: {models: fit}, gather: all}
  score:  {stage: evaluate.classification, inputs: {model: vote, data: parts}}
sweep: {space: {tree.depth: [1, 2, 3]}}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("estimator")
    (folder / "trees.yaml").write_text(DAG)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 2))
    data = DataSet(inputs, (inputs[:, 0] > 0).astype(int) + 2 * (inputs[:, 1] > 0))
    return run(folder / "trees.yaml", data={"given": data}, store=folder / "store", cluster="inline")


def test_trees_are_swept_gathered_and_scored_as_networks_are(results):
    by_depth = {trial["options"]["tree.depth"]: trial["metrics"]["accuracy"] for trial in results.trials}
    assert by_depth[1] < by_depth[2] <= by_depth[3]
    assert results.nodes["score"]["metrics"]["accuracy"] > 0.8


def test_a_model_from_the_store_predicts_for_raw_rows(results):
    model = results.model("fit", "t0003")
    assert list(model.classify(np.array([[-1.0, -1.0], [1.0, 1.0]]))) == ["0", "3"]


def test_it_conforms():
    check_stage(estimator, "train")


FOREST = '''\
"""A stage of my own."""

from pipeline import model
from pipeline.options import Count


@model(estimator=True)
def forest(*, trees: Count = 10):
    """Let random trees vote."""
    from sklearn.ensemble import RandomForestClassifier

    return {"classes": RandomForestClassifier(trees)}
'''


def test_an_estimator_of_ones_own_is_named_in_the_file_and_conforms(tmp_path):
    (tmp_path / "forest.py").write_text(FOREST)
    text = DAG.replace("nodes:", "plugins: [./forest.py]\nnodes:").replace("model.tree", "model.forest")
    text = text.replace("tree.depth: [1, 2, 3]", "tree.trees: [2, 20]")
    (tmp_path / "own.yaml").write_text(text)
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(120, 2))
    data = DataSet(inputs, (inputs.sum(axis=1) > 0).astype(int))
    results = run(tmp_path / "own.yaml", data={"given": data}, store=tmp_path / "store", cluster="inline")
    assert results.nodes["score"]["metrics"]["accuracy"] > 0.7
    check_stage(Registry(local=[tmp_path / "forest.py"]).stage("model.forest"), "model")
