def test_the_plan_counts_what_would_run_and_runs_nothing(plait, small, tmp_path):
    found = plait("plan", small, "--json").json
    assert found["trials"] == 4
    assert found["nodes"]["fit"] | {"stage": ""} == {
        "stage": "",
        "instances": 4,
        "runs": 4,
        "cached": 0,
        "idle": 0,
    }
    assert not (tmp_path / ".plait").exists()


def test_after_a_run_everything_is_cached(plait, small, ran):
    found = plait("plan", small, "--store", ran[0], "--json").json
    assert {node["runs"] for node in found["nodes"].values()} == {0}
    assert "nothing to run" in plait("plan", small, "--store", ran[0]).out


def test_a_new_value_runs_only_the_new_trials(plait, small, ran):
    wider = "sweep.space={adam.lr: [0.01, 0.02, 0.03]}"
    found = plait("plan", small, "--store", ran[0], "--set", wider, "--json").json
    assert (found["nodes"]["fit"]["runs"], found["nodes"]["fit"]["cached"]) == (2, 4)


def test_memory_is_known_once_the_data_are_in_the_store(plait, small, ran):
    text = plait("plan", small, "--store", ran[0], "--set", "fit.epochs=3").out
    assert "memory" in text
    assert "not known" not in text


def test_a_step_is_explained_before_and_after_the_passes(plait, small):
    found = plait("plan", small, "--explain", "--json").json
    (step,) = found["steps"]
    assert (step["node"], step["members"]) == ("fit", 4)
    text = plait("plan", small, "--explain").out
    assert "matmul" in text
    assert "flop" in text


def test_trainings_without_an_optimizer_are_planned_and_have_no_step_to_explain(plait, tmp_path):
    (tmp_path / "own.yaml").write_text(
        "plait: 1\n"
        "nodes:\n"
        "  cells: {stage: data.breast_cancer}\n"
        "  line: {stage: model.linear}\n"
        "  tree: {stage: model.tree}\n"
        "  fit: {stage: train.lbfgs, inputs: {data: cells, model: line}}\n"
        "  grown: {stage: train.estimator, inputs: {data: cells, model: tree}}\n"
    )
    planned = plait("plan", "own.yaml", "--explain", "--json").json
    assert [cohort["parameters"] for cohort in planned["cohorts"]] == [62, 0]
    assert all(cohort["bytes"] > 0 for cohort in planned["cohorts"])
    assert planned["steps"] == []
