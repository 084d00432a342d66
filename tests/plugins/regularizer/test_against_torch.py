"""Five steps of a small net under each regularizer, from the same weights on the same data as in PyTorch."""

import numpy as np
import pytest

from benchmarks.catalogue.against_torch import CASES, FIGURES, trained


@pytest.mark.parametrize("case", CASES)
def test_weights_after_five_steps_are_those_of_pytorch(case):
    optimizer, regularizer = CASES[case]
    found = trained(case, optimizer, regularizer)
    # torch.renorm adds 1e-7 to the norm
    tolerance = {"atol": 1e-6} if case == "max norm" else {"rtol": 1e-9}
    np.testing.assert_allclose(found, FIGURES[case][-1], **tolerance)
    assert np.abs(found - trained(case, optimizer)).max() > 1e-2, "it does nothing"
