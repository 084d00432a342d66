import numpy as np
import pytest

from pipeline import ops
from pipeline.calculus import Function, classify, diagnose

X, Y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 0.0, 0.0, 1.0])


def net(w):
    """The loss of a net with two hidden units that learns a conjunction; nine weights."""
    hidden = ops.tanh(X @ ops.reshape(w[:4], (2, 2)) + w[4:6])
    return ops.mean((hidden @ w[6:8] + w[8] - Y) ** 2)


@pytest.mark.parametrize(
    ("f", "x", "kind"),
    [
        (lambda x: ops.sum(x * x), [0.0, 0.0], "minimum"),
        (lambda x: ops.sum(x * x), [1.0, 0.0], "slope"),
        (lambda x: -ops.sum(x * x), [0.0, 0.0], "maximum"),
        (lambda x: x[0] * x[0] - x[1] * x[1], [0.0, 0.0], "saddle"),
        (lambda x: 1 - ops.exp(-ops.sum(x * x)), [6.0, 0.0], "plateau"),
        (lambda x: ops.tanh(x[0]) ** 2, [9.0, 0.0], "plateau"),
    ],
)
def test_gradient_and_curvature_tell_what_a_point_is(f, x, kind):
    assert diagnose(Function(f, np.zeros(2)), x).kind == kind


def test_the_monkey_saddle_is_found_where_the_hessian_tells_nothing():
    monkey = Function(lambda x: x[0] ** 3 - 3 * x[0] * x[1] ** 2, np.zeros(2))
    assert classify(monkey, [0.0, 0.0]) == "inconclusive"
    assert diagnose(monkey, [0.0, 0.0], radius=0.5).kind == "saddle"


def test_the_minimum_of_the_fourth_power_is_found_where_the_hessian_tells_nothing():
    assert diagnose(Function(lambda x: ops.sum(x**4), np.zeros(2)), [0.0, 0.0], radius=0.5).kind == "minimum"


def test_a_minimum_that_is_not_low_enough_is_poor():
    f = Function(lambda x: ops.sum((x * x - 1) ** 2 + 0.3 * x), np.zeros(2))
    at = np.array([0.96, 0.96])
    for _ in range(20):
        at = at - np.linalg.solve(f.hessian(at), f.gradient(at))
    assert diagnose(f, at).kind == "minimum"
    assert diagnose(f, at, low=-0.5).kind == "poor minimum"
    assert diagnose(f, -at - 0.075, low=-0.5, still=1.0).kind == "minimum"


def test_a_net_that_starts_at_zero_is_on_a_saddle():
    start = np.array([*np.zeros(8), 0.25])
    found = diagnose(Function(net, start), start)
    assert found.gradient_norm < 1e-12
    assert found.kind == "saddle"


def test_a_net_whose_units_are_saturated_is_on_a_plateau():
    into, out = np.array([0.0, 0.0, 0.0, 0.0, 30.0, -30.0]), [0.7, 0.7, 0.25]
    found = diagnose(Function(lambda w: net(ops.concatenate([w, out])), into), into)
    assert found.kind == "plateau"
    assert found.value == pytest.approx(0.1875)


def test_a_net_may_be_stuck_in_a_poor_minimum():
    # one bent unit cannot fit both sides of |x|
    x, y = np.linspace(-1, 1, 21), np.abs(np.linspace(-1, 1, 21))
    f = Function(
        lambda w: ops.mean((ops.softplus(8 * w[0] * x) / 8 - y) ** 2) + 0.01 * w[0] ** 2, np.zeros(1)
    )
    at = np.array([1.0])
    for _ in range(50):
        at = at - f.gradient(at) / abs(f.hessian(at)[0, 0])
    assert diagnose(f, at, low=0.05).kind == "poor minimum"
    assert diagnose(f, at, low=1.0).kind == "minimum"


def test_it_is_the_same_each_time_and_asks_for_no_hessian():
    f = Function(net, np.ones(9))
    f.hessian = None
    one, two = (diagnose(f, np.linspace(-1, 1, 9), still=10.0, flat=10.0) for _ in range(2))
    assert one.kind == two.kind
    assert one.curvature.largest == two.curvature.largest


def test_a_flat_bottom_is_a_minimum_where_it_is_low_and_a_plateau_where_it_is_not():
    bottom = Function(lambda x: 0.05 + 2 * x[0] ** 2, np.zeros(200))
    at = np.zeros(200)
    assert diagnose(bottom, at, low=0.1).kind == "minimum"
    assert diagnose(bottom, at, low=0.01).kind == "plateau"
    assert diagnose(bottom, at).kind == "plateau"
