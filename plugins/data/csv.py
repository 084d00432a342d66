"""Tables as text: .csv, .tsv, and the same with .gz."""

import csv as reader
import gzip
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline import DataError, DataSet, data

MISSING = {"", "?", "na", "n/a", "nan", "null", "none"}
UNCLEAR = 50  # more different whole numbers than this are classes only if the file says so


@data
def csv(
    *,
    path: str,
    target: str | int | None = -1,
    task: Literal["auto", "classes", "regression"] = "auto",
    drop: tuple[str | int, ...] = (),
    one_hot: tuple[str | int, ...] = (),
    features: tuple[str, ...] = (),
    header: bool | None = None,
    delimiter: Literal[",", ";", "\t", "|"] | None = None,
) -> DataSet:
    """Load a table with one row a line; the columns are numbers, the target may be text.

    Columns are given by name or number (-1 is the last; `target: null` for none).  `drop` leaves columns
    out, and `one_hot` makes a column of 0 and 1 for each text of a column, named `column=text`.
    `features` reads only these inputs, in this order: what a prediction needs; a table without a header
    that has as many columns is taken to have them in that order.  With the task `auto`,
    texts and whole numbers are classes.  Whether there is a header, and what delimits, is told from the
    first line (a header has no number).  A relative path starts at the current directory.
    """
    table = _named(_read(path, header, delimiter), features)
    answer = None if target is None else table.position(target, "target")
    encode = {table.position(column, "one_hot") for column in one_hot}
    left_out = {answer, *(table.position(column, "drop") for column in drop)}
    kept = [i for i in range(len(table.names)) if i not in left_out]
    names = features or tuple(name for i in kept for name in _names(table, i, i in encode))
    inputs = _inputs(table, names)
    if answer is None:
        return DataSet(inputs, features=names)
    return _labelled(table, inputs, names, answer, task)


@dataclass(frozen=True)
class _Table:
    path: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]  # the line of the file that each row ends in

    def position(self, column, option):
        """Return a column's number, given that or its name."""
        if isinstance(column, int) and -len(self.names) <= column < len(self.names):
            return column % len(self.names)
        if column in self.names:
            return self.names.index(column)
        near = get_close_matches(str(column), self.names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else ""
        raise DataError(
            f"{self.path} has no column {column!r}, which `{option}` names\n"
            f"    allowed: {', '.join(self.names)}, or 0 to {len(self.names) - 1}\n"
            f"    {hint}".rstrip()
        )

    def column(self, position):
        return [row[position] for row in self.rows]


def _read(path, header, delimiter):
    rows, lines = [], []
    try:
        with _opened(path) as file:
            first = file.readline()
            if delimiter is None:
                delimiter = max(",;\t|", key=first.count)
            file.seek(0)
            source = reader.reader(file, delimiter=delimiter, strict=True)
            for fields in source:
                if any(field.strip() for field in fields):
                    rows.append(tuple(field.strip() for field in fields))
                    lines.append(source.line_num)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error.reason}\n    save it as UTF-8") from error
    except (reader.Error, gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{path}:{len(lines) + 1}: the table cannot be read: {error}") from error
    if not rows:
        raise DataError(f"{path} is empty\n    a table has at least one row")
    table = _Table(path, tuple(f"column{i}" for i in range(len(rows[0]))), tuple(rows), tuple(lines))
    if header is None:
        header = not any(_is_number(field) for field in rows[0])
    return _checked(_headed(table) if header else table)


def _opened(path):
    if not Path(path).is_file():
        raise DataError(
            f"there is no file {Path(path).absolute()}\n    give `path` from the current directory"
        )
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return Path(path).open(encoding="utf-8-sig", newline="")


def _named(table, features):
    """Name the columns of a table without a header, if they can only be the `features`."""
    bare = table.names == tuple(f"column{i}" for i in range(len(table.names)))
    return replace(table, names=tuple(features)) if bare and len(features) == len(table.names) else table


def _headed(table):
    return replace(table, names=table.rows[0], rows=table.rows[1:], lines=table.lines[1:])


def _checked(table):
    if not table.rows:
        raise DataError(
            f"{table.path} has a header and no rows\n    if its first line is data, use `header: false`"
        )
    for row, line in zip(table.rows, table.lines, strict=True):
        if len(row) != len(table.names):
            raise DataError(
                f"{table.path}:{line}: {len(row)} fields, but the first line has {len(table.names)}"
            )
    for name in table.names:
        if table.names.count(name) > 1:
            raise DataError(f"{table.path}: two columns are called {name!r}\n    rename one of them")
    return table


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return text.lower() not in MISSING


def _names(table, position, encode):
    name = table.names[position]
    if not encode:
        return (name,)
    return tuple(f"{name}={text}" for text in sorted(set(table.column(position))))


def _inputs(table, features):
    """Return (rows, features) float64; a feature that is no column is `column=text`."""
    texts = {}
    for name in features:
        if name not in table.names:
            column, _, text = name.partition("=")
            texts.setdefault(table.position(column, "features"), set()).add(text)
    numbers = [table.names.index(name) for name in features if name in table.names]
    _refuse_missing(table, [*numbers, *texts])
    _refuse_texts(table, numbers)
    _refuse_unseen(table, texts)
    if not features:
        raise DataError(f"{table.path} has no columns left for inputs\n    drop fewer")
    return np.array([_feature(table, name) for name in features]).T.copy()


def _feature(table, name):
    if name in table.names:
        return [float(text) for text in table.column(table.names.index(name))]
    column, _, text = name.partition("=")
    return [float(field == text) for field in table.column(table.position(column, "features"))]


def _refuse_missing(table, positions):
    found = _lines(table, positions, lambda text: text.lower() in MISSING)
    if found:
        places = [
            f"{table.names[i]!r} ({len(lines)}, the first in line {lines[0]})" for i, lines in found.items()
        ]
        raise DataError(
            f"{table.path} misses values in {', '.join(places)}\n"
            f"    fill them in, delete those lines, or leave the columns out: {_option(table, 'drop', found)}"
        )


def _refuse_texts(table, positions):
    found = _lines(table, positions, lambda text: not _is_number(text))
    if found:
        places = [
            f"{table.names[i]!r} (line {lines[0]}: {_text(table, i, lines[0])!r})"
            for i, lines in found.items()
        ]
        raise DataError(
            f"{table.path} has texts where numbers are needed, in {', '.join(places)}\n"
            f"    make columns of 0 and 1 from them: {_option(table, 'one_hot', found)}\n"
            f"    or leave them out: {_option(table, 'drop', found)}"
        )


def _refuse_unseen(table, texts):
    for position, known in texts.items():
        found = _lines(table, [position], lambda text, known=known: text not in known).get(position)
        if found:
            raise DataError(
                f"{table.path}:{found[0]}: column {table.names[position]!r} holds "
                f"{_text(table, position, found[0])!r}\n    allowed: {', '.join(sorted(known))}"
            )


def _lines(table, positions, wrong):
    """Map each position to the lines where its text is `wrong`, where there are any."""
    rows = list(zip(table.rows, table.lines, strict=True))
    lines = {i: [line for row, line in rows if wrong(row[i])] for i in positions}
    return {i: found for i, found in lines.items() if found}


def _text(table, position, line):
    return table.rows[table.lines.index(line)][position]


def _option(table, option, positions):
    return f"`{option}: [{', '.join(table.names[i] for i in positions)}]`"


def _labelled(table, inputs, features, position, task):
    _refuse_missing(table, [position])
    texts, name = table.column(position), table.names[position]
    numeric = all(_is_number(text) for text in texts)
    if task == "regression" or (task == "auto" and numeric and not _whole(texts)):
        _refuse_texts(table, [position])
        return DataSet(inputs, [float(text) for text in texts], "regression", features=features)
    if task == "auto" and numeric and len(set(texts)) > UNCLEAR:
        raise DataError(
            f"the target {name!r} of {table.path} holds {len(set(texts))} different whole numbers\n"
            "    say what they are: `task: classes` or `task: regression`"
        )
    return DataSet.labelled(
        inputs, [int(text) for text in texts] if _whole(texts) else texts, features=features
    )


def _whole(texts):
    return all(text.removeprefix("-").isdecimal() for text in texts)
