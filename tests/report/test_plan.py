import pytest

from pipeline.report.plan import closing, memory, plan_report


def plan(runs=24, cached=2, memory=3 << 20, cohorts=1):
    return {
        "name": "digits",
        "trials": 24,
        "backend": "numpy",
        "dtype": "float32",
        "workers": 2,
        "nodes": {
            "fit": {"stage": "train.minibatch", "instances": 24, "runs": runs, "cached": 0, "idle": 0},
            "digits": {"stage": "data.digits", "instances": 2, "runs": 0, "cached": cached, "idle": 0},
        },
        "cohorts": [
            {
                "node": "fit",
                "members": 12,
                "first": "fit[seed=0]",
                "abreast": 4,
                "parameters": 17226,
                "bytes": 5 << 20,
            }
        ]
        * cohorts,
        "memory": memory,
    }


def test_the_plan_shows_for_each_node_what_runs_and_what_is_cached(as_text):
    rows = [line.split() for line in as_text(plan_report(plan())).splitlines()]
    assert ["fit", "train.minibatch", "24", "24", "-", "-"] in rows
    assert ["digits", "data.digits", "2", "-", "2", "-"] in rows


def test_the_plan_shows_each_cohort_with_its_first_member_as_it_is_written(as_text):
    rows = [line.split() for line in as_text(plan_report(plan())).splitlines()]
    assert ["fit", "12", "4", "17,226", "5", "MiB", "fit[seed=0]"] in rows


def test_many_cohorts_are_counted_and_not_all_listed(as_text):
    assert "and 8 more" in as_text(plan_report(plan(cohorts=20)))


def test_the_last_line_counts_the_work_and_the_memory():
    assert closing(plan()) == (
        "digits: 24 trials, 24 instances to run, 2 cached; 1 cohort; 2 workers, numpy float32, memory 3 MiB"
    )


def test_a_plan_without_work_says_so():
    assert "nothing to run" in closing(plan(runs=0))


@pytest.mark.parametrize(("size", "words"), [(100, "100 B"), (3 << 30, "3.0 GiB")])
def test_memory_is_said_in_units_that_fit(size, words):
    assert memory(size) == words


def test_memory_that_is_not_known_yet_is_not_guessed():
    assert "not known" in memory(None)
