"""Values whose objects are whole but whose parts no version of plait could have given."""

import copy
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import exhibits
from pipeline.errors import PlaitError, UserError
from pipeline.running.kept import exhibits_of, history_of
from pipeline.running.measures import Measures
from pipeline.running.objects import StoredObject
from pipeline.running.store import DamagedObject
from pipeline.running.stored import Stored
from pipeline.running.values import from_stored, metrics_of, to_parts
from pipeline.stages.dataset import DataSet
from tests.security.conftest import KEY, seal

QUIET = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
NETWORK = {
    "form": "network",
    "stage": "model.mlp",
    "options": {"hidden": [4]},
    "link": "softmax",
    "task": "classes",
    "classes": ["a", "b"],
    "shape": [3],
    "parameters": ["w"],
    "preparation": {
        "dtype": "float64",
        "shape": [3],
        "features": [],
        "steps": [],
    },
}
COMMITTEE = {
    "form": "committee",
    "stage": "ensemble.average",
    "options": {},
    "members": [NETWORK],
    "learned": [],
}


def parts():
    data = DataSet(np.ones((6, 3)), np.arange(6) % 2, "classes", ("a", "b"), ("x", "y", "z"))
    lines = exhibits.Lines(np.arange(3.0), {"y": np.arange(3.0)})
    images, drawing = exhibits.Images(np.zeros((1, 2, 2))), exhibits.Drawing(SVG)
    shown = {"t": exhibits.Table(["a"], [[1]]), "l": lines, "i": images, "d": drawing}
    return {
        "data set": to_parts(data.with_splits(train=np.arange(4))),
        "measures": to_parts(Measures({"accuracy": 0.5}, shown)),
        "network": ({"type": "predictor", "value": NETWORK}, {"parameters.w": np.zeros((3, 4))}),
        "committee": ({"type": "predictor", "value": COMMITTEE}, {"0.parameters.w": np.zeros((3, 4))}),
    }


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


HOSTILE = [
    None,
    True,
    -1,
    10**100,
    1e308,
    float("nan"),
    "",
    "../x",
    "os.system",
    "builtins.eval",
    "__class__",
]
HOSTILE += ["\0", "\ud800", [], {}, [[]], {"a": 1}, ["a"] * 3, [10**30], nested(900), "x" * 1000]


def places(value, place=()):
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*place, name))


def changed(value, place, new):
    if not place:
        return new
    value = copy.deepcopy(value)
    inner = value
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = new
    return value


@QUIET
@given(data=st.data())
def test_parts_of_any_type_are_read_or_are_plaits_error(registry, data):
    json, arrays = data.draw(st.sampled_from(list(parts().values())))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(list(places(json))))
        json = changed(json, place, data.draw(st.sampled_from(HOSTILE)))
    with suppress(PlaitError):
        from_stored(StoredObject(json, arrays, {}), registry)


@QUIET
@given(data=st.data())
def test_arrays_of_any_shape_are_read_or_are_plaits_error(registry, data):
    json, arrays = data.draw(st.sampled_from(list(parts().values())))
    name = data.draw(st.sampled_from(list(arrays)))
    others = [
        np.zeros(()),
        np.zeros(0),
        np.zeros((1, 2, 3, 4)),
        np.array([np.nan]),
        np.zeros(3, np.complex64),
    ]
    other = data.draw(st.sampled_from([None, *others]))
    rest = {key: array for key, array in arrays.items() if key != name}
    with suppress(PlaitError):
        from_stored(StoredObject(json, rest if other is None else {**rest, name: other}, {}), registry)


@pytest.mark.parametrize("part", ["stage", "options", "classes", "shape", "parameters", "preparation"])
def test_a_part_that_is_missing_is_damage_that_names_the_object(store, home, registry, part):
    value = {name: inner for name, inner in NETWORK.items() if name != part}
    seal(home, json={"type": "predictor", "value": value})
    with pytest.raises(DamagedObject, match=f"{KEY} is damaged: its value cannot be read .*{part}"):
        from_stored(store.get(KEY), registry)


@pytest.mark.parametrize("stage", ["os.system", "builtins.eval", "model.os", "pipeline.run", "../model", ""])
def test_only_a_stage_that_is_installed_can_be_named(registry, stage):
    json = {"type": "predictor", "value": {**NETWORK, "stage": stage}}
    with pytest.raises(UserError):
        from_stored(StoredObject(json, {"parameters.w": np.zeros((3, 4))}, {}), registry)


@pytest.mark.parametrize(("module", "name"), [("os", "system"), ("plugins.transform.standardize", "np")])
def test_only_a_transforms_own_function_can_prepare_inputs(registry, module, name):
    steps = [{"module": module, "name": name, "arrays": []}]
    value = {**NETWORK, "preparation": {**NETWORK["preparation"], "steps": steps}}
    with pytest.raises(UserError, match="which no installed transform provides"):
        from_stored(
            StoredObject({"type": "predictor", "value": value}, {"parameters.w": np.zeros((3, 4))}, {}),
            registry,
        )


@pytest.mark.parametrize(
    "json", [0, [], "x", {"metrics": 7}, {"metrics": {"a": "b"}}, {"metrics": {"a": []}}]
)
def test_metrics_that_are_none_are_damage_and_count_as_not_there(store, home, json):
    seal(home, json=json)
    with pytest.raises(DamagedObject):
        metrics_of(store, KEY)
    assert not Stored(store, verify=True).has(KEY)
    assert not store.has(KEY)


@pytest.mark.parametrize("json", [0, {"exhibits": 7, "history": 7}, {"exhibits": {"a": 1}, "history": [1]}])
@pytest.mark.parametrize("read", [exhibits_of, history_of])
def test_exhibits_and_history_that_are_none_are_told_with_the_fix(store, home, json, read):
    seal(home, json=json)
    with pytest.raises(UserError, match="run the DAG again"):
        read(store, KEY)
