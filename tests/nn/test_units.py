from typing import get_args

import numpy as np
import pytest

from pipeline import nn
from pipeline.stages.net import eager

ELEMENTWISE = sorted(set(get_args(nn.Activation)) - {"identity", "maxout", "prelu"})


@pytest.fixture
def units(case):
    return lambda name: case(name, "torch_units.npz")


@pytest.mark.parametrize("activation", ELEMENTWISE)
def test_activations_are_pytorchs(agrees_with_torch, units, activation):
    agrees_with_torch(lambda net, x: nn.activate(net, x, activation, name="block"), units(activation))


def test_prelu_is_pytorchs_with_the_gradient_of_its_slopes(agrees_with_torch, units):
    def block(net, x):
        return nn.activate(net, x, "prelu", name="block")

    agrees_with_torch(block, units("prelu"), slope="slope")


def test_maxout_is_pytorchs(agrees_with_torch, units):
    agrees_with_torch(lambda net, x: nn.activate(net, x, "maxout", name="m", pieces=3), units("maxout"))


def test_slopes_begin_at_a_quarter_and_are_no_weights():
    net = eager()
    np.testing.assert_array_equal(nn.prelu(net, np.array([[-4.0, 4.0]]), name="p"), [[-1.0, 4.0]])
    assert not net.declared["p.slope"].weight


def test_a_maxout_unit_of_two_pieces_can_be_the_absolute_value():
    x = np.linspace(-2, 2, 9)[:, None]
    z = x @ np.array([[1.0, -1.0]])
    np.testing.assert_array_equal(nn.activate(eager(), z, "maxout", name="m"), np.abs(x))


@pytest.mark.parametrize("activation", get_args(nn.Activation))
def test_as_many_units_come_out_as_were_asked_for(activation):
    z = np.zeros((4, nn.linear_width(activation, 5, pieces=3)))
    assert nn.activate(eager(), z, activation, name="a", pieces=3).shape == (4, 5)


@pytest.mark.parametrize("activation", get_args(nn.Activation))
def test_those_said_to_rise_never_fall(activation):
    if nn.rises(activation):
        units = nn.activate(eager(), np.linspace(-6, 6, 500)[:, None], activation, name="a")
        assert (np.diff(units[:, 0]) >= 0).all()
