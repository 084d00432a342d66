"""Nothing that comes before the evaluation sees the test rows: real runs, with these rows changed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from pipeline import DataSet, run

DAG = """\
plait: 1
nodes:
  given:  {stage: data.arrays}
  parts:  {stage: transform.SPLIT, inputs: {data: given}}
  bag:    {stage: transform.bootstrap, inputs: {data: parts}}
  scaled: {stage: transform.standardize, inputs: {data: bag}}
  net:    {stage: model.mlp, options: {hidden: [8]}}
  drop:   {stage: regularizer.dropout, options: {rate: 0.1}}
  stop:   {stage: regularizer.early_stopping, options: {patience: 2}}
  adam:   {stage: optimizer.adam}
  fit:
    stage: train.minibatch
    inputs: {data: scaled, model: net, regularizers: [drop, stop], optimizer: adam}
    options: {epochs: 4}
  tree:   {stage: model.tree}
  grown:  {stage: train.estimator, inputs: {data: scaled, model: tree}}
  chosen: {stage: ensemble.average, inputs: {models: fit}, gather: {best: 2, metric: accuracy}}
  score:  {stage: evaluate.classification, inputs: {model: chosen, data: parts}}
  leaf:   {stage: evaluate.classification, inputs: {model: grown, data: parts}}
sweep: {space: {adam.lr: [1e-3, 1e-2, 1e-1]}}
"""
TEST = np.arange(150, 200)


def blobs() -> DataSet:
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 3
    inputs = rng.normal(size=(200, 4)) + 2.5 * np.eye(3, 4)[labels]
    return DataSet(inputs.astype("float32"), labels, splits={"train": np.arange(150), "test": TEST})


def flipped(data: DataSet) -> DataSet:
    """Return the data with another label on every test row."""
    labels = data.targets.copy()
    labels[TEST] = (labels[TEST] + 1) % 3
    return data.replace(targets=labels)


def ruined(data: DataSet) -> DataSet:
    """Return the data with large numbers in the place of the test inputs."""
    inputs = data.inputs.copy()
    inputs[TEST] *= 1e6
    return data.replace(inputs=inputs)


@pytest.fixture(scope="module", params=["split", "kfold"])
def outcomes(request, tmp_path_factory):
    """Run the DAG on the data, with test labels flipped, with test inputs ruined."""
    folder = tmp_path_factory.mktemp("leaks")
    text = DAG.replace("SPLIT", request.param)
    options = "options: {test: 0}" if request.param == "split" else "options: {folds: 4}"
    (folder / "leak.yaml").write_text(text.replace("{data: given}}", f"{{data: given}}, {options}}}"))
    changes = {"as it is": lambda data: data, "flipped": flipped, "ruined": ruined}
    return {
        name: run(
            folder / "leak.yaml", data={"given": change(blobs())}, store=folder / name, cluster="inline"
        )
        for name, change in changes.items()
    }


def weights(results):
    nets = [results.model("fit", trial["id"]).networks[0].parameters for trial in results.trials]
    return [array for net in nets for array in net.values()]


@pytest.mark.parametrize("change", ["flipped", "ruined"])
def test_test_rows_change_no_weight_and_no_metric_that_chooses(outcomes, change):
    before, after = outcomes["as it is"], outcomes[change]
    for mine, other in zip(weights(before), weights(after), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert [trial["metrics"] for trial in before.trials] != []
    for mine, other in zip(before.trials, after.trials, strict=True):
        chooses = {name: value for name, value in mine["metrics"].items() if name in ("accuracy", "loss")}
        assert chooses.items() <= other["metrics"].items()
    assert before.nodes["chosen"]["metrics"] == after.nodes["chosen"]["metrics"]


def test_the_same_models_are_chosen(outcomes):
    x = blobs().inputs
    before, after = (outcomes[name].model("chosen").predict_raw(x) for name in ("as it is", "flipped"))
    np.testing.assert_array_equal(before, after)


def test_only_the_evaluation_notices(outcomes):
    right, wrong = (outcomes[name].nodes for name in ("as it is", "flipped"))
    assert right["score"]["metrics"]["accuracy"] > 0.6 > 0.4 > wrong["score"]["metrics"]["accuracy"]
    assert right["leaf"]["metrics"] != wrong["leaf"]["metrics"]


def test_the_test_rows_are_looked_at_once_for_the_model_that_validation_chose(outcomes):
    assert outcomes["as it is"].nodes["score"]["instances"] == 1


def test_no_row_is_in_two_splits_and_a_fold_has_each_class_in_its_share(registry):
    data = blobs()
    shares = np.bincount(data.targets[:150]) / 150
    held_out = []
    for fold in range(4):
        made = registry.stage("transform.kfold").function(
            data, np.random.default_rng(3), folds=4, fold=fold, stratify=True
        )
        for one, other in combinations(made.splits.values(), 2):
            assert not np.intersect1d(one, other).size
        rows = made.rows("validation")
        np.testing.assert_allclose(np.bincount(data.targets[rows]) / len(rows), shares, atol=0.02)
        held_out.append(rows)
    np.testing.assert_array_equal(np.sort(np.concatenate(held_out)), np.arange(150))
