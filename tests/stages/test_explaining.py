import json

from pipeline.engine.passes import reductions
from pipeline.stages import training
from pipeline.stages.explaining import explain_training


def test_a_later_step_of_a_training_is_explained(blobs, cohort_of, stages):
    spec = cohort_of({"adam.lr": 0.1}, {"adam.lr": 0.2})
    found = explain_training(spec, {"data": blobs()}, stages)
    assert (found.members, found.batch, found.steps, found.shared) == (2, 12, 9, True)
    updated = [row for row in found.plans.after.rows if "update" in row.placed]
    assert len(updated) == 3, "weights and both moments"
    first = next(row for row in found.plans.after.rows if row.operation == "matmul")
    assert (first.reads, first.members) == (((12, 4), (4, 5)), 2)
    assert first.bytes_read == 4 * (12 * 4 + 2 * 4 * 5), "one minibatch serves both members"
    assert str(found).startswith("fit: 2 members, minibatches of 12 (shared by all), 9 steps\n\nas traced\n")
    json.dumps(found.to_json())


def test_members_of_different_seeds_have_their_own_minibatches(blobs, cohort_of, stages):
    found = explain_training(cohort_of({"seed": 1}, {"seed": 2}), {"data": blobs()}, stages)
    assert not found.shared


def test_the_passes_are_those_that_the_length_of_the_training_pays_for(
    blobs, cohort_of, stages, monkeypatch, tmp_path
):
    monkeypatch.setenv("PLAIT_KERNELS", str(tmp_path))
    monkeypatch.setattr(reductions, "LEAST_ELEMENTS", 1)
    spec, data = cohort_of(), {"data": blobs()}
    assert "chains" not in explain_training(spec, data, stages).plans.after.passes
    monkeypatch.setattr(training, "WORTH_COMPILING", 1)
    assert "reductions" not in explain_training(spec, data, stages).plans.after.passes
    monkeypatch.setattr(training, "WORTH_REDUCING", 1)
    assert "reductions" in explain_training(spec, data, stages).plans.after.passes
