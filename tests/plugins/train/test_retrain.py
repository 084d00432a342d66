"""What it trains is told in tests/stages/test_restart.py."""

import pytest

from pipeline import OptionError, stage
from pipeline.testing import check_stage
from plugins.train.retrain import retrain


def test_it_conforms():
    check_stage(retrain, options={"epochs": 2, "batch_size": 8})


def test_a_count_below_one_is_refused():
    with pytest.raises(OptionError, match="epochs"):
        stage("train.retrain", epochs=0)
