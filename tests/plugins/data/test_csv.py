import gzip

import numpy as np
import pytest

from pipeline import DataError
from plugins.data.csv import csv


@pytest.fixture
def table(tmp_path):
    """Write lines to a file and return its path."""

    def write(*lines, name="table.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes("\n".join([*lines, ""]).encode(encoding))
        return str(tmp_path / name)

    return write


FLOWERS = ("width,height,kind", "1.5,2,rose", "2.5,3,lily", "3.5,4,rose")
COLOURS = ("size,colour,y", "1,red,0", "2,blue,1", "3,red,0")


def test_a_header_names_features_and_texts_are_classes(table):
    data = csv(path=table(*FLOWERS))
    assert data.features == ("width", "height")
    assert data.inputs.tolist() == [[1.5, 2], [2.5, 3], [3.5, 4]]
    assert data.classes == ("lily", "rose")
    assert data.targets.tolist() == [1, 0, 1]


def test_without_a_header_columns_are_numbered(table):
    data = csv(path=table(*FLOWERS[1:]))
    assert data.features == ("column0", "column1")
    assert len(data) == 3


def test_a_header_can_be_said_where_names_are_numbers(table):
    assert csv(path=table("2019,2020", "1.5,0", "2.5,1"), header=True).features == ("2019",)


@pytest.mark.parametrize("target", ["height", 1, -2])
def test_the_target_is_named_or_numbered(table, target):
    data = csv(path=table("width,height,depth", "1,2.5,3", "4,5.5,6"), target=target)
    assert data.targets.tolist() == [2.5, 5.5]
    assert data.features == ("width", "depth")


@pytest.mark.parametrize("name", ["t.tsv", "t.csv"])
def test_the_delimiter_is_told_from_the_first_line(table, name):
    for delimiter in "\t;|":
        assert csv(
            path=table(*(line.replace(",", delimiter) for line in FLOWERS), name=name)
        ).inputs.shape == (3, 2)


def test_quotes_blanks_empty_lines_and_a_byte_order_mark_are_read_over(table):
    lines = ('"width, mm", height ,kind', '1.5, 2 ,"a rose"', "", '2.5,3,"lily"')
    data = csv(path=table(*lines, encoding="utf-8-sig"))
    assert data.features == ("width, mm", "height")
    assert data.classes == ("a rose", "lily")


def test_gzip_is_read(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress("\n".join(FLOWERS).encode()))
    assert len(csv(path=str(tmp_path / "t.csv.gz"))) == 3


def test_whole_numbers_are_classes_and_fractions_are_regression(table):
    assert csv(path=table("x,y", "1,3", "2,10", "3,3")).classes == ("3", "10")
    assert csv(path=table("x,y", "1,3.0", "2,10.5")).task == "regression"
    assert csv(path=table("x,y", "1,3", "2,10"), task="regression").targets.tolist() == [3, 10]
    assert csv(path=table("x,y", "1,3.5", "2,10"), task="classes").classes == ("10", "3.5")


def test_many_whole_numbers_need_the_task_said(table):
    path = table("x,age", *(f"1,{age}" for age in range(60)))
    with pytest.raises(DataError, match=r"'age'.*60 different whole numbers(.|\n)*task: regression"):
        csv(path=path)


def test_a_text_column_is_named_with_its_line_and_the_fixes(table):
    with pytest.raises(DataError) as refusal:
        csv(path=table("size,colour,y", "1,7,0", "2,blue,1"))
    message = str(refusal.value)
    assert "'colour' (line 3: 'blue')" in message
    assert "`one_hot: [colour]`" in message
    assert "`drop: [colour]`" in message


def test_the_named_fixes_work(table):
    assert csv(path=table(*COLOURS), drop=("colour",)).features == ("size",)
    data = csv(path=table(*COLOURS), one_hot=("colour",))
    assert data.features == ("size", "colour=blue", "colour=red")
    assert data.inputs.tolist() == [[1, 0, 1], [2, 1, 0], [3, 0, 1]]


def test_a_prediction_reads_the_features_of_training_whatever_else_the_file_has(table):
    features = csv(path=table(*COLOURS), one_hot=("colour",)).features
    later = csv(path=table("colour,note,size", "red,hello,4", "red,,5"), target=None, features=features)
    assert later.features == features
    assert later.inputs.tolist() == [[4, 0, 1], [5, 0, 1]]
    assert later.targets is None


def test_a_prediction_takes_a_table_without_header_that_has_all_features(table):
    later = csv(path=table("4,0", "5,1"), target=None, features=("size", "weight"))
    assert later.features == ("size", "weight")
    assert later.inputs.tolist() == [[4, 0], [5, 1]]
    with pytest.raises(DataError, match="no column 'size', which `features` names"):
        csv(path=table("4,0,1", "5,1,1"), target=None, features=("size", "weight"))


def test_a_prediction_refuses_a_text_that_training_did_not_have(table):
    path = table("size,colour", "1,red", "2,green")
    with pytest.raises(DataError, match=r":3: column 'colour' holds 'green'(.|\n)*allowed: blue, red"):
        csv(path=path, target=None, features=("size", "colour=blue", "colour=red"))


@pytest.mark.parametrize("token", ["", "NA", "nan", "?", "null"])
def test_missing_values_are_counted_and_placed(table, token):
    with pytest.raises(DataError, match=r"'height' \(2, the first in line 3\)(.|\n)*`drop: \[height\]`"):
        csv(path=table("width,height,y", "1,2,0", f"2,{token},1", f"3,{token},1"))


def test_a_missing_target_is_refused(table):
    with pytest.raises(DataError, match=r"misses values in 'y' \(1, the first in line 3\)"):
        csv(path=table("x,y", "1,0", "2,"))


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        (
            FLOWERS,
            {"target": "hight"},
            r"no column 'hight', which `target` names(.|\n)*did you mean 'height'",
        ),
        (FLOWERS, {"target": 3}, "no column 3"),
        (FLOWERS, {"drop": ("colour",)}, r"'colour', which `drop` names(.|\n)*width, height, kind"),
        (FLOWERS, {"drop": (0, 1)}, "no columns left"),
        (FLOWERS, {"target": None, "features": ("depth",)}, "'depth', which `features` names"),
        (("a,b", "1,2", "1,2,3"), {}, ":3: 3 fields, but the first line has 2"),
        (("a,a", "1,2"), {}, "two columns are called 'a'"),
        (("a,b",), {}, "has a header and no rows"),
        ((), {}, "is empty"),
        (("a,b", '1,"2'), {}, "cannot be read"),
        (("x,y", "1,a", "2,3"), {"task": "regression"}, r"'y' \(line 2: 'a'\)"),
    ],
)
def test_tables_that_cannot_serve_are_refused(table, lines, options, message):
    with pytest.raises(DataError, match=message):
        csv(path=table(*lines), **options)


def test_other_encodings_and_missing_files_are_refused(table, tmp_path):
    with pytest.raises(DataError, match="is not UTF-8"):
        csv(path=table("größe,y", "1,2", encoding="latin-1"))
    with pytest.raises(DataError, match=r"there is no file .*gone\.csv"):
        csv(path=str(tmp_path / "gone.csv"))
    (tmp_path / "t.csv.gz").write_text("no gzip")
    with pytest.raises(DataError, match="cannot be read"):
        csv(path=str(tmp_path / "t.csv.gz"))


def test_infinite_values_are_left_to_validation(table):
    data = csv(path=table("x,y", "inf,0", "1,1"))
    assert np.isinf(data.inputs[0, 0])
    with pytest.raises(DataError, match=r"inf at row 0, column 0 \(x\)"):
        data.validate("table")
