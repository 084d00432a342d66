"""Files that a user was given: DAG files and data sets that are made to do harm."""

import io
import zipfile

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.stages.dataset import DataSet

NODES = "nodes:\n  d: {stage: data.digits}\n"
FILES = {
    "100 MB": b"a: " + b"x" * 100_000_000,
    "brackets": b"[" * 240_000,
    "braces": b"{" * 240_000,
    "dashes": b"- " * 120_000,
    "keys": b"".join(b"k%d: 1\n" % i for i in range(20_000)),
    "aliases": b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (i, i) for i in range(9_000)),
    "NUL": b"plait: 1\0",
    "tag": b"plait: !!python/object/apply:os.system [id]\n",
    "1e999": b"plait: 1\nseed: 1e999\n" + NODES.encode(),
    "googol": b"plait: 1\nseed: 1" + b"0" * 100 + b"\n" + NODES.encode(),
    "plugin that is a device": b"plait: 1\nplugins: [/dev/zero, ../../../etc/passwd]\n" + NODES.encode(),
}
READ = (
    "from pipeline.dag.file import read; from pipeline.stages.registry import Registry; "
    "read({!r}, Registry())"
)


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_dag_file_has_problems_in_bounded_memory(tmp_path, limited, name):
    (tmp_path / "dag.yaml").write_bytes(FILES[name])
    assert limited(READ.format(str(tmp_path / "dag.yaml"))).startswith("DagError")
    assert [path.name for path in tmp_path.iterdir()] == ["dag.yaml"]


def npy(header, body=b""):
    text = header.encode()
    text += b" " * (-(11 + len(text)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


def shaped(shape):
    return npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}")


def saved(value):
    file = io.BytesIO()
    np.save(file, value)
    return file.getvalue()


def written(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


HEADERS = {
    "terabytes": shaped("(1000000000000,)"),
    "overflow": shaped("(9223372036854775807, 9223372036854775807)"),
    "negative": shaped("(-1,)"),
    "pickle": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos\nsystem\n(S'id'\ntR."),
    "code": npy("__import__('os').system('id')"),
    "without end": npy("(" * 5000),
    "nothing": b"",
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_hostile_array_is_no_data_set(tmp_path, limited, name):
    path = written(tmp_path / "data.npz", inputs=HEADERS[name])
    told = limited(f"from pipeline.stages.dataset import DataSet; DataSet.load({str(path)!r})")
    assert told.startswith("DataError")


@pytest.mark.parametrize(
    "text", ["[]", "null", "[" * 100_000, "9" * 5_000, "{}", '{"task": 7}', "\ud800"[:0]]
)
def test_hostile_json_is_no_data_set(tmp_path, text):
    path = written(tmp_path / "data.npz", json=saved(np.array(text)), inputs=saved(np.zeros((2, 2))))
    with pytest.raises(DataError, match="is not a saved data set"):
        DataSet.load(path)
