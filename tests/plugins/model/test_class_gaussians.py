import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pipeline import ShapeError
from pipeline.stages.net import eager
from pipeline.testing import check_stage
from plugins.model.class_gaussians import class_gaussians

RNG = np.random.default_rng(0)
D = 5
PARAMETERS = {
    "prior": RNG.normal(size=2),
    "means": RNG.normal(size=(2, D)),
    "log_variances": RNG.normal(size=(2, D)),
    **{f"factor{i}": RNG.normal(size=(2, D)) for i in range(3)},
}
X = RNG.normal(size=(6, D))
THERE = RNG.random((6, D)) < [[1], [0.7], [0.7], [0.4], [0.2], [0]]


def joint(x, there):
    masked = np.concatenate([np.where(there, x, 0), there], axis=1)
    return class_gaussians(masked, eager(parameters=PARAMETERS), rank=3, floor=0.01, outputs=2)


def by_scipy(x, there, k):
    """Return log p(y = k) + log p(what is there of x | y = k): a marginal is cut out."""
    shares = np.exp(PARAMETERS["prior"]) / np.exp(PARAMETERS["prior"]).sum()
    if not there.any():
        return np.log(shares[k])
    v = np.stack([PARAMETERS[f"factor{i}"][k] for i in range(3)], axis=1)
    covariance = np.diag(0.01 + np.exp(PARAMETERS["log_variances"][k])) + v @ v.T
    cut = multivariate_normal(PARAMETERS["means"][k][there], covariance[np.ix_(there, there)])
    return np.log(shares[k]) + cut.logpdf(x[there])


def test_what_is_missing_is_integrated_out_as_scipy_does_it():
    expected = [[by_scipy(x, there, k) for k in (0, 1)] for x, there in zip(X, THERE, strict=True)]
    np.testing.assert_allclose(joint(X, THERE), expected, rtol=1e-9)


def test_what_stands_in_the_place_of_missing_inputs_does_not_matter():
    masked = np.concatenate([X, THERE], axis=1)
    found = class_gaussians(masked, eager(parameters=PARAMETERS), rank=3, floor=0.01, outputs=2)
    np.testing.assert_array_equal(found, joint(X, THERE))


def test_inputs_without_a_mask_are_refused():
    with pytest.raises(ShapeError, match=r"shape \(6, 5\)[\s\S]*transform\.mask"):
        class_gaussians(X, eager(), outputs=2)


@pytest.mark.parametrize("rank", [0, 3])
def test_it_conforms(rank):
    check_stage(class_gaussians, options={"rank": rank})
