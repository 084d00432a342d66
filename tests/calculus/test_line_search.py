import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import line_search

from pipeline import ops
from pipeline.calculus import Function
from pipeline.calculus.line_search import Step, armijo, wolfe

STARTS = st.lists(st.floats(-2, 2), min_size=3, max_size=3)


def waves(x):
    """Bend up and down on the way to a minimum."""
    return ops.sum(x * x) + 3 * ops.sum(ops.sin(2 * x)) + 0.5 * x[0] * x[1]


WAVES = Function(waves, np.zeros(3))
SURFACE = WAVES.surface()


def along(function, x, search, **options):
    """Search from x against the gradient; return where it began and what it chose."""
    surface = SURFACE if function is WAVES else function.surface()
    at = Step(0.0, x, function(x), function.gradient(x))
    steps = search(at, -at.gradient, **options)
    answer = None
    while True:
        try:
            answer = surface.answer({0: steps.send(answer)})[0]
        except StopIteration as end:
            return at, end.value


@settings(max_examples=60, deadline=None)
@given(STARTS, st.sampled_from([1e-3, 0.1, 1.0, 10.0]), st.sampled_from([0.1, 0.9]))
def test_a_step_meets_the_strong_wolfe_conditions_whatever_the_first_trial(x, first, curvature):
    at, step = along(WAVES, np.array(x), wolfe, first=first, curvature=curvature)
    slope = -at.gradient @ at.gradient
    if slope > -1e-8:
        return
    assert step.value <= at.value + 1e-4 * step.length * slope
    assert abs(step.gradient @ -at.gradient) <= curvature * abs(slope)
    np.testing.assert_array_equal(step.w, at.w - step.length * at.gradient)


@settings(max_examples=40, deadline=None)
@given(STARTS, st.sampled_from([1e-3, 1.0, 100.0]))
def test_backtracking_decreases_as_armijo_asks(x, first):
    at, step = along(WAVES, np.array(x), armijo, first=first)
    slope = -at.gradient @ at.gradient
    if slope > -1e-8:
        return
    assert step.value <= at.value + 1e-4 * step.length * slope
    assert np.log2(first / step.length) == pytest.approx(round(np.log2(first / step.length)))


@pytest.mark.parametrize("start", [(0.5, 1.5, -1.0), (2.0, -1.0, 0.3), (-0.4, 0.2, 1.9), (1.2, 1.2, 1.2)])
@pytest.mark.parametrize("curvature", [0.1, 0.9])
def test_it_goes_as_low_as_scipys_line_search(start, curvature):
    f, x = WAVES, np.array(start)
    at, step = along(f, x, wolfe, curvature=curvature)
    length, *_ = line_search(f, f.gradient, x, -at.gradient, c2=curvature)
    assert abs(f.gradient(x - length * at.gradient) @ at.gradient) <= curvature * at.gradient @ at.gradient
    fallen, scipys = at.value - step.value, at.value - f(x - length * at.gradient)
    assert fallen >= 0.8 * scipys


def test_on_a_parabola_the_step_is_scipys(quadratic):
    f, x = quadratic([1.0, 3.0, 9.0]), np.ones(3)
    at, step = along(f, x, wolfe, curvature=0.1)
    length, *_ = line_search(f, f.gradient, x, -at.gradient, c2=0.1)
    assert step.length == pytest.approx(length, rel=1e-9)


def test_a_search_uphill_finds_nothing():
    at = Step(0.0, np.ones(2), 2.0, np.full(2, 2.0))
    with pytest.raises(StopIteration) as end:
        next(wolfe(at, np.ones(2)))
    assert end.value.value is None


def test_where_nothing_is_lower_backtracking_finds_nothing():
    flat = Function(lambda x: ops.sum(0 * x), np.ones(2))
    assert along(flat, np.ones(2), armijo)[1] is None


def test_a_step_to_where_the_function_is_not_finite_is_shortened():
    f = Function(lambda x: ops.sum(x) - ops.sum(ops.log(x)), np.full(2, 3.0))
    for search in (armijo, wolfe):
        _, step = along(f, np.full(2, 3.0), search, first=100.0)
        assert np.isfinite(step.value)
        assert (step.w > 0).all()
