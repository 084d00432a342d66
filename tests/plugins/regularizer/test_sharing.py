from functools import partial

import numpy as np
import pytest

from pipeline import OptionError
from pipeline.testing import check_stage
from plugins.regularizer.sharing import sharing


def test_the_penalty_is_half_the_squared_difference(acted):
    share = partial(sharing, between=("out.bias", "out.bias"), strength=0.5)
    assert acted(share).total == acted().total


def test_a_matrix_is_compared_with_the_transpose_of_the_other(acted):
    result = acted(partial(sharing, between=("out.weights", "out.weights"), strength=0.5), features=3)
    np.testing.assert_allclose(result.total, result.loss)


def test_parameters_that_cannot_be_shared_are_refused(acted):
    with pytest.raises(OptionError, match=r"'out.weights' \(5, 3\) and 'out.bias' \(3,\) cannot be shared"):
        acted(partial(sharing, between=("out.weights", "out.bias")))
    with pytest.raises(OptionError, match=r"no parameter 'out.weight'(.|\n)*did you mean 'out.weights'"):
        acted(partial(sharing, between=("out.weight", "out.bias")))


def test_it_conforms():
    check_stage(
        sharing,
        options={"between": ["hidden.weights", "out.weights"]},
        x=np.random.default_rng(0).standard_normal((5, 3)),
    )
