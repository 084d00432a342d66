"""Cohorts: equal structure, seeds side by side, wide but shared among the workers."""

from __future__ import annotations

import json

from pipeline.dag.cohorts import cohorts
from pipeline.stages.cohort import CohortSpec

FLOATS = "sweep: {space: {adam.lr: [1, 2, 3, 4], decay.strength: [0, 1]}, seeds: 3}"


def key(number):
    return f"key{number}"


def test_floats_of_traced_stages_vary_inside_a_cohort(expanded, widths):
    assert widths(
        cohorts(expanded("sweep: {space: {adam.lr: [1, 2, 3], decay.strength: [0, 1]}}"), workers=1)
    ) == [6]


def test_structure_splits_cohorts(expanded, widths):
    expansion = expanded("sweep: {space: {net.hidden: [[8], [4, 4]], adam.lr: [1, 2, 3, 4, 5]}}")
    found = cohorts(expansion, workers=1)
    assert widths(found) == [5, 5]
    assert [{m.settings["net.hidden"] for m in cohort.members} for cohort in found] == [{(8,)}, {(4, 4)}]


def test_options_of_the_train_node_are_structure(expanded, widths):
    expansion = expanded("sweep: {space: {fit.epochs: [1, 2], adam.lr: [1, 2, 3, 4]}}")
    assert widths(cohorts(expansion, workers=1)) == [4, 4]


def test_members_of_a_cohort_have_one_seed_where_there_are_enough(expanded, widths):
    found = cohorts(expanded(FLOATS), workers=1)
    assert widths(found) == [8, 8, 8]
    assert [{member.seed for member in cohort.members} for cohort in found] == [{7}, {8}, {9}]


def test_seeds_are_mixed_where_each_has_few_members(expanded, widths):
    expansion = expanded("sweep: {seeds: 10}")
    assert widths(cohorts(expansion, workers=1)) == [10]
    assert widths(cohorts(expansion, width=4, workers=1)) == [3, 3, 4]


def test_a_mixed_cohort_has_whole_seeds(expanded):
    found = cohorts(expanded("sweep: {space: {adam.lr: [1, 2, 3]}, seeds: 4}"), width=8, workers=1)
    assert [[member.seed for member in cohort.members] for cohort in found] == [
        [7, 7, 7, 8, 8, 8],
        [9, 9, 9, 10, 10, 10],
    ]


def test_a_wide_seed_is_cut_evenly(expanded, widths):
    expansion = expanded(f"sweep: {{space: {{adam.lr: {[i + 1 for i in range(20)]}}}}}")
    assert widths(cohorts(expansion, workers=1)) == [10, 10]
    assert widths(cohorts(expansion, width=7, workers=1)) == [6, 7, 7]


def test_the_last_cohort_is_halved_where_a_worker_would_idle(expanded, widths):
    assert widths(cohorts(expanded(FLOATS), workers=2)) == [8, 8, 4, 4]


def test_nothing_is_halved_below_what_is_worthwhile(expanded, widths):
    assert widths(cohorts(expanded("sweep: {space: {adam.lr: [1, 2, 3, 4, 5, 6]}}"), workers=2)) == [6]


def test_nothing_is_halved_where_the_workers_are_even(expanded, widths):
    expansion = expanded("sweep: {space: {adam.lr: [1, 2, 3, 4, 5, 6, 7, 8]}, seeds: 4}")
    assert widths(cohorts(expansion, workers=2)) == [8, 8, 8, 8]


def test_members_of_one_data_set_stand_together(expanded):
    sweep = "sweep: {space: {parts.validation: [0.1, 0.2], adam.lr: [1, 2, 3, 4]}}"
    found = cohorts(expanded(sweep, ("gather: all", "gather: {group: [parts.validation]}")), workers=1)
    assert [{m.inputs["data"] for m in cohort.members} for cohort in found] == [{(1,)}, {(2,)}]


def test_only_what_has_to_be_trained_is_in_a_cohort(expanded):
    expansion = expanded(FLOATS)
    wanted = {instance.id for instance in expansion.of("fit")[::2]}
    found = cohorts(expansion, workers=1, among=wanted)
    assert {member.id for cohort in found for member in cohort.members} == wanted
    assert cohorts(expansion, among=()) == []


def test_every_instance_is_in_one_cohort(expanded):
    expansion = expanded(FLOATS)
    members = [member.id for cohort in cohorts(expansion, width=3) for member in cohort.members]
    assert sorted(members) == list(expansion.ids["fit"])


def test_the_task_has_the_parts_and_each_members_floats(expanded):
    spec = cohorts(expanded(FLOATS), workers=1)[0].spec(key, "float64", "numpy")
    assert (spec.node, spec.train.stage, spec.train.options["epochs"]) == ("fit", "train.minibatch", 30)
    assert {port: [part.node for part in parts] for port, parts in spec.parts.items()} == {
        "augment": ["rotate"],
        "model": ["net"],
        "regularizers": ["decay"],
        "optimizer": ["adam"],
    }
    member = spec.members[3]
    assert (member.trial, member.seed, member.data) == ("t0010", 7, "key1")
    assert member.options["adam"]["lr"] == 2.0
    assert member.options["decay"] == {"strength": 1.0}
    assert member.options["rotate"] == {"degrees": 12.0}
    assert member.options["net"] == {}


def test_the_task_survives_json(expanded):
    spec = cohorts(expanded(FLOATS))[0].spec(key, "float32", "numpy")
    again = CohortSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert again.members == spec.members
