import numpy as np
import pytest

from pipeline import DataError
from pipeline.engine.random import generator
from pipeline.testing import check_stage, probes
from plugins.transform.subset import subset


def kept(data, share, **options):
    return subset(data, generator(3, "subset"), share=share, **options).rows("train")


def test_a_smaller_share_is_a_part_of_a_larger_one():
    data = probes.table("classes")
    for stratify in (True, False):
        small, large = kept(data, 0.3, stratify=stratify), kept(data, 0.6, stratify=stratify)
        assert set(small) < set(large) < set(data.rows("train"))


def test_each_class_keeps_its_share():
    data = probes.table("classes")
    before = np.bincount(data.targets[data.rows("train")], minlength=3)
    after = np.bincount(data.targets[kept(data, 0.5)], minlength=3)
    assert (np.abs(after - before / 2) <= 0.5).all()


def test_other_splits_stay():
    data = probes.table("regression")
    found = subset(data, generator(0, "subset"), share=0.1)
    for split in ("validation", "test"):
        np.testing.assert_array_equal(found.rows(split), data.rows(split))
    assert len(found.rows("train")) == 3


def test_a_share_of_all_is_all():
    data = probes.table("classes")
    np.testing.assert_array_equal(kept(data, 1.0), data.rows("train"))


def test_a_share_without_a_row_is_refused():
    with pytest.raises(DataError, match=r"0\.001 of 30 train rows is no row"):
        kept(probes.table("regression"), 0.001)


def test_it_conforms():
    check_stage(subset, "transform")
    check_stage(subset, options={"stratify": False})
