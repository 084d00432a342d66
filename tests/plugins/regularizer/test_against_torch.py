"""Five steps of a small net under each regularizer, from the same weights on the same data as in PyTorch."""

import numpy as np
import pytest

from benchmarks.catalogue.against_torch import CASES, FIGURES, trained, trained_tied


@pytest.mark.parametrize("case", CASES)
def test_weights_after_five_steps_are_those_of_pytorch(case):
    optimizer, regularizer = CASES[case]
    found = trained(case, optimizer, regularizer)
    # torch.renorm adds 1e-7 to the norm
    tolerance = {"atol": 1e-6} if case == "max norm" else {"rtol": 1e-9}
    np.testing.assert_allclose(found, FIGURES[case][-1], **tolerance)
    assert np.abs(found - trained(case, optimizer)).max() > 1e-2, "it does nothing"


def test_tied_weights_of_an_autoencoder_get_the_gradient_of_both_their_uses_as_in_pytorch():
    np.testing.assert_allclose(trained_tied(), FIGURES["tied"][-1], rtol=1e-9)
