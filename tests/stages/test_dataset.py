import numpy as np
import pytest

from pipeline import DataError, DataSet, ShapeError


def blobs(rows: int = 12) -> DataSet:
    inputs = np.arange(rows * 2, dtype=np.float32).reshape(rows, 2)
    return DataSet(inputs, np.arange(rows) % 3, features=("width", "height"))


def shifted(inputs, mean):
    return inputs - mean


def test_the_task_is_told_from_the_targets():
    inputs = np.zeros((3, 1))
    assert DataSet(inputs, np.array([0, 1, 2])).task == "classes"
    assert DataSet(inputs, np.array([0.5, 1.0, 2.0])).task == "regression"
    assert DataSet(inputs).task == "none"


def test_texts_become_classes_in_sorted_order():
    data = DataSet(np.zeros((3, 1)), np.array(["pear", "apple", "pear"]))
    assert data.classes == ("apple", "pear")
    assert data.targets.tolist() == [1, 0, 1]


def test_labelled_numbers_labels_that_leave_gaps():
    data = DataSet.labelled(np.zeros((3, 1)), [7, 2, 7])
    assert data.classes == ("2", "7")
    assert data.targets.tolist() == [1, 0, 1]


def test_a_text_that_is_no_class_is_named_with_its_nearest():
    with pytest.raises(DataError, match=r"'aple'(.|\n)*did you mean 'apple'"):
        DataSet(np.zeros((2, 1)), np.array(["aple", "pear"]), classes=("apple", "pear"))


def test_fractions_are_refused_as_classes():
    with pytest.raises(DataError, match="not whole numbers"):
        DataSet(np.zeros((2, 1)), np.array([0.5, 1.0]), task="classes")


@pytest.mark.parametrize(
    ("dtype", "kept"), [("f4", "f4"), ("f8", "f8"), ("u1", "f4"), ("i8", "f8"), ("f2", "f4")]
)
def test_inputs_become_floats_and_floats_keep_their_dtype(dtype, kept):
    assert DataSet(np.ones((2, 2), dtype)).inputs.dtype == kept


def test_arrays_are_read_only_and_the_callers_stay_writeable():
    mine = np.zeros((2, 2))
    data = DataSet(mine, np.array([0, 1]), splits={"train": [0, 1]})
    for array in (data.inputs, data.targets, data.splits["train"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    mine[0] = 1.0


def test_a_split_gives_its_rows_in_order_with_repeats():
    inputs, targets = blobs().with_splits(train=[4, 1, 4]).split("train")
    assert inputs[:, 0].tolist() == [8, 2, 8]
    assert targets.tolist() == [1, 1, 1]


def test_a_split_may_be_a_mask():
    assert DataSet(np.zeros((3, 1)), splits={"train": np.array([True, False, True])}).rows(
        "train"
    ).tolist() == [0, 2]


def test_without_splits_every_row_is_for_training():
    assert blobs().rows("train").tolist() == list(range(12))
    with pytest.raises(DataError, match=r"not split at all(.|\n)*transform\.split"):
        blobs().split("test")


def test_an_unknown_split_names_the_nearest():
    with pytest.raises(DataError, match="did you mean 'validation'"):
        blobs().with_splits(train=[0], validation=[1]).rows("validaton")


@pytest.mark.parametrize(
    ("targets", "classes", "link", "outputs"),
    [
        ([0, 1, 2], (), "softmax", 3),
        ([0, 1, 2], (), "sigmoid", 3),
        ([0, 1, 1], (), "sigmoid", 1),
        ([0, 1, 1], ("a", "b", "c"), "softmax", 3),
        ([0.0, 1.5, 2.0], (), "identity", 1),
        ([[0.0, 1.5], [2.0, 1.0], [1.0, 1.0]], (), "identity", 2),
    ],
)
def test_outputs_that_a_model_needs(targets, classes, link, outputs):
    assert DataSet(np.zeros((3, 1)), np.array(targets), classes=classes).outputs(link) == outputs


def test_a_loss_that_does_not_fit_the_task_is_refused_with_the_one_that_does():
    with pytest.raises(DataError, match=r"loss\.softmax"):
        blobs().outputs("identity")
    with pytest.raises(DataError, match=r"loss\.gaussian"):
        DataSet(np.zeros((2, 1)), np.array([0.5, 1.5])).outputs("softmax")
    with pytest.raises(DataError, match="no targets"):
        DataSet(np.zeros((2, 1))).outputs("softmax")


def test_parts_give_the_same_data_set_back():
    data = blobs().with_splits(train=[0, 1, 2], test=[3, 4, 5]).prepared_by(shifted, mean=np.float32([1, 2]))
    again = DataSet.from_parts(*data.to_parts())
    np.testing.assert_array_equal(again.inputs, data.inputs)
    np.testing.assert_array_equal(again.targets, data.targets)
    assert {name: rows.tolist() for name, rows in again.splits.items()} == {
        "train": [0, 1, 2],
        "test": [3, 4, 5],
    }
    assert (again.task, again.classes, again.features) == (data.task, data.classes, data.features)
    np.testing.assert_array_equal(again.preparation.steps[0].arrays["mean"], [1, 2])


def test_preparing_new_inputs_repeats_what_was_done_to_the_data():
    data = blobs()
    prepared = data.prepared_by(shifted, mean=np.float32([1, 2])).prepared_by(
        shifted, mean=np.float32([3, 3])
    )
    np.testing.assert_array_equal(prepared.preparation.apply(data.inputs), prepared.inputs)
    assert prepared.preparation.apply(data.inputs.astype("f8")).dtype == np.float32


def test_preparing_inputs_of_another_shape_names_both_shapes():
    with pytest.raises(ShapeError, match=r"\(5, 3\).*rows, 2"):
        blobs().preparation.apply(np.zeros((5, 3)))


def test_a_preparation_that_cannot_be_found_again_is_refused():
    with pytest.raises(DataError, match="top of the stage's module"):
        blobs().prepared_by(lambda inputs: inputs)


def test_html_names_rows_classes_and_splits():
    html = blobs().with_splits(train=range(10))._repr_html_()
    assert "<td>12</td>" in html
    assert "train 10" in html
    assert "3: 0, 1, 2" in html


def infected(value: float) -> DataSet:
    inputs = blobs().inputs.copy()
    inputs[5, 1] = inputs[7, 1] = value
    return blobs().replace(inputs=inputs)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (infected(np.nan), r"^load: .*2 values that are NaN.*2 rows.*nan at row 5, column 1 \(height\)"),
        (infected(np.inf), r"inf at row 5"),
        (
            blobs().replace(targets=np.arange(12) - 1, classes=("a", "b")),
            r"first is -1 in row 0(.|\n)*0 to 1",
        ),
        (blobs().replace(targets=np.arange(5) % 2), r"12 rows of inputs, but 5 of targets"),
        (blobs().replace(targets=np.full(12, np.nan), task="auto"), r"targets hold 12 values that are NaN"),
        (blobs().replace(targets=np.zeros((12, 2), int)), r"targets have shape \(12, 2\)"),
        (blobs().replace(inputs=np.zeros(12)), r"reshape\(-1, 1\)"),
        (DataSet(np.zeros((0, 3))), r"empty"),
        (blobs().replace(features=("a",)), r"1 features are named"),
        (blobs().with_splits(train=[]), r"split 'train' is empty"),
        (blobs().with_splits(train=[12]), r"names row 12, but there are rows 0 to 11"),
        (blobs().with_splits(train=[-1]), r"names row -1"),
        (blobs().with_splits(train=[0, 1], test=[1, 2]), r"'train' and 'test' share 1 rows, the first is 1"),
        (blobs().with_splits(train=[0, 3, 6]), r"split 'train' has rows of one class only \('0'\)"),
        (blobs().replace(targets=np.zeros(12, int), classes=()), r"one class only"),
    ],
)
def test_data_that_cannot_serve_is_refused_with_node_and_place(data, message):
    with pytest.raises(DataError, match=message) as refusal:
        data.validate("load")
    assert str(refusal.value).startswith("load: ")


def test_good_data_passes_and_returns_itself():
    data = blobs().with_splits(train=[0, 1, 1], validation=[0, 1], test=[3, 4])
    assert data.validate("load") is data
