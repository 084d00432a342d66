"""The kit's sentences about ensembles that learn."""

from itertools import count

import numpy as np
import pytest

from pipeline import ensemble
from pipeline.testing import check_stage


def weighted(learn):
    @ensemble(learn=learn)
    def weighted(predictions, learned):
        """Weigh the members by what was learned."""
        return np.einsum("m,mro->ro", learned["weights"], predictions)

    return weighted


def even(predictions, targets, rng):
    return {"weights": np.full(len(predictions), 1 / len(predictions))}


def assert_fault(stage, match):
    with pytest.raises(AssertionError, match=match):
        check_stage(stage)


def test_one_that_learns_well_passes():
    check_stage(weighted(even))


def test_one_that_learns_by_chance_of_its_own_is_told():
    calls = count(1)

    def fickle(predictions, targets, rng):
        return {"weights": np.full(len(predictions), float(next(calls)))}

    assert_fault(weighted(fickle), "it learns something else the second time, from the same seed")


def test_one_that_may_draw_from_its_rng_passes():
    def drawn(predictions, targets, rng):
        return {"weights": rng.dirichlet(np.ones(len(predictions)))}

    check_stage(weighted(drawn))


def test_one_that_writes_to_what_it_is_given_is_told():
    def careless(predictions, targets, rng):
        predictions[:] = 0
        return even(predictions, targets, rng)

    assert_fault(weighted(careless), "destination is read-only")


def test_one_that_learns_no_numbers_is_told():
    assert_fault(
        weighted(lambda predictions, targets, rng: {"weights": np.full(3, np.nan)}), "not all finite"
    )


def test_one_that_looks_across_rows_is_told():
    @ensemble(learn=even)
    def across(predictions, learned):
        """Let the first row weigh on the others."""
        return predictions.mean(axis=0) + 0.1 * predictions[:, :1].mean(axis=0)

    assert_fault(across, "its result for a row depends on the other rows")
