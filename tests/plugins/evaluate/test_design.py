import pytest

from pipeline import exhibits
from pipeline.testing import check_stage, probes
from plugins.evaluate.design import design


@pytest.mark.parametrize("task", ["classes", "regression"])
def test_the_inputs_found_raise_each_output(task):
    data = probes.table(task)
    found = design(probes.predictor(data, 0), data, steps=60, rate=0.2)
    assert found["reached"] > found["before"] + 0.1
    assert isinstance(found["designed"], exhibits.Table)
    assert found["designed"].columns[1:] == data.features


def test_they_stay_in_the_range_of_the_known_ones():
    data = probes.images()
    found = design(probes.predictor(data, 0), data, steps=30, rate=5.0)
    known = data.split("train")[0]
    designed = found["designed"].arrays
    assert (designed >= known.min(axis=0)).all()
    assert (designed <= known.max(axis=0)).all()
    assert tuple(found["designed"].labels) == ("even", "odd")


def test_more_steps_reach_further():
    data = probes.table("classes")
    reached = [design(probes.predictor(data, 1), data, steps=steps)["reached"] for steps in (1, 10, 100)]
    assert reached == sorted(reached)


def test_it_may_start_at_zero():
    data = probes.table("classes")
    one, other = (
        design(probes.predictor(data, 0), data, steps=1, start=start)["before"] for start in ("mean", "zeros")
    )
    assert one != other


def test_it_conforms():
    check_stage(design)
