"""What an ensemble learns comes from the validation split alone, and is kept with the committee."""

import numpy as np
import pytest

from pipeline import DataError, DataSet, Predictor, StageError, ensemble
from pipeline.stages.committee import Committee
from pipeline.stages.learning import learned_by
from pipeline.stages.options import RegistrationError
from pipeline.stages.predictor import Network
from pipeline.stages.stage import Stage
from pipeline.testing import probes

DATA = probes.table("classes")
MEMBERS = [probes.predictor(DATA, seed) for seed in range(3)]


def reversed_shares(predictions, targets, rng, *, power):
    right = predictions[:, np.arange(len(targets)), targets].mean(axis=1) ** power
    return {"shares": right / right.sum(), "seen": predictions, "targets": targets}


@ensemble(learn=reversed_shares)
def by_trust(predictions, learned, *, power: int = 1):
    """Weigh members by what they gave to the true class."""
    return np.einsum("m,mro->ro", learned["shares"], predictions)


def learned(data: DataSet | None = DATA, stage=by_trust, **options):
    return learned_by(Stage.of(stage), {"power": 1, **options}, MEMBERS, data, np.random.default_rng(0))


def test_it_sees_the_members_predictions_of_the_validation_split():
    found = learned()
    expected = [member.predict_split(DATA, "validation") for member in MEMBERS]
    np.testing.assert_array_equal(found["seen"], expected)
    np.testing.assert_array_equal(found["targets"], DATA.split("validation")[1])


def test_a_test_label_flipped_changes_nothing():
    flipped = DATA.targets.copy()
    flipped[DATA.rows("test")] = (flipped[DATA.rows("test")] + 1) % 3
    other = learned(DATA.replace(targets=flipped))
    assert all(np.array_equal(array, other[name]) for name, array in learned().items())


def test_the_options_are_handed_over():
    assert not np.allclose(learned(power=3)["shares"], learned(power=1)["shares"])


def test_a_committee_combines_by_what_was_learned_and_keeps_it(registry):
    stage = registry.stage("ensemble.stacking")
    weights = {"weights": np.array([0.5, 0.2, 0.3])}
    group = Committee.of(stage, stage.check({}), MEMBERS, weights)
    expected = np.einsum("m,mro->ro", weights["weights"], [m.predict(DATA.inputs) for m in MEMBERS])
    np.testing.assert_allclose(group.predict(DATA.inputs), expected)

    class Both:
        def stage(self, ref):
            return probes.PROBES[ref] if ref in probes.PROBES else registry.stage(ref)

    again = Predictor.from_parts(*group.to_parts(), Both())
    np.testing.assert_array_equal(again.predict(DATA.inputs), group.predict(DATA.inputs))
    assert all(isinstance(member, Network) for member in again.members)


def test_without_rows_that_all_members_hold_out_it_is_refused():
    with pytest.raises(DataError, match="trained on different data sets"):
        learned(None)
    with pytest.raises(DataError, match="learns on the validation split"):
        learned(DATA.replace(splits={"train": DATA.rows("train")}))


@pytest.mark.parametrize("wrong", [np.zeros(3), {"shares": np.array(["a"])}, {"shares": np.array([np.nan])}])
def test_what_is_learned_must_be_finite_arrays_by_name(wrong):
    @ensemble(learn=lambda predictions, targets, rng: wrong)
    def careless(predictions, learned):
        """Learn something odd."""

    with pytest.raises(StageError, match="learned"):
        learned_by(Stage.of(careless), {}, MEMBERS, DATA, np.random.default_rng(0))


def test_what_it_learns_by_must_take_the_same_options():
    @ensemble(learn=lambda predictions, targets, rng, *, depth: {})
    def odd(predictions, learned, *, power: int = 1):
        """Learn by other options."""

    with pytest.raises(RegistrationError, match=r"learns by .*the ensemble's options: power"):
        Stage.of(odd)


def test_an_ensemble_that_does_not_learn_takes_predictions_alone():
    @ensemble
    def greedy(predictions, learned):
        """Ask for more."""

    with pytest.raises(RegistrationError, match="'learned' is no data argument"):
        Stage.of(greedy)
