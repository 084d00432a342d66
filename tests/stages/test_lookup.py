import numpy as np
import pytest

from pipeline import OptionError, UserError, stage


def test_a_stage_is_found_by_name_with_its_options_and_defaults():
    step = stage("optimizer.sgd", lr=0.5)
    w, _ = step(np.array([1.0]), np.array([2.0]), None, 1)
    np.testing.assert_array_equal(w, [0.0])


def test_a_stage_that_is_not_there_and_an_option_that_does_not_fit_are_refused():
    with pytest.raises(UserError, match=r"did you mean 'optimizer\.sgd'"):
        stage("optimizer.sgdd")
    with pytest.raises(OptionError, match="lr"):
        stage("optimizer.sgd", lr=-1.0)
