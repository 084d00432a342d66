"""The JSON Schema of DAG files, made from the stages: for completion in editors and for the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.dag.axes import gathering_port
from pipeline.dag.cluster import PLACES, SECURITY_KEYS
from pipeline.dag.file import DTYPES, FORMAT
from pipeline.dag.gather import VALIDATION_METRICS
from pipeline.dag.labels import article
from pipeline.dag.nodes import NODE_KINDS
from pipeline.dag.ranges import SCALES
from pipeline.errors import PlaitError
from pipeline.hooks import KINDS, Port
from pipeline.stages.pairing import spared

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string", "minLength": 1}
_TEXTS: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}]}
_NATURAL: Schema = {"type": "integer", "minimum": 0}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_SEEDS: Schema = {
    "type": "array",
    "items": _NATURAL,
    "minItems": 1,
    "uniqueItems": True,
}


def json_schema(registry: Registry) -> Schema:
    """Return the schema (2020-12) of DAG files; it imports every plugin, and leaves out the broken ones.

    What a schema cannot say, such as whether an input exists or a required option is swept, `read` checks.
    """
    registry.load_all()
    trackers = _use(registry, "tracker")
    return {
        "$schema": DIALECT,
        "title": "A DAG file of plait",
        **_object(
            {
                "plait": _say("The version of the file's format.", {"const": FORMAT}),
                "name": _say("What the run is called; by default the file's name.", _TEXT),
                "seed": _say("What all randomness follows from.", {**_NATURAL, "default": 0}),
                "dtype": _say("The numbers' type.", {"enum": list(DTYPES), "default": DTYPES[0]}),
                "plugins": _say("Python files with stages, from this file's folder.", _TEXTS),
                "nodes": _say("The nodes by name, in any order.", _nodes(registry)),
                "sweep": _say("What is varied over the trials.", _sweep(registry)),
                "trackers": _say("Stages that hear of the run's life.", _one_or_more(trackers)),
                "cluster": _say("Where Dask computes.", _cluster()),
            },
            required=["plait", "nodes"],
        ),
    }


def _nodes(registry: Registry) -> Schema:
    stages = _stages(registry, NODE_KINDS)
    node = _object(
        {
            "stage": _say("The stage: kind.name.", {"enum": [stage.ref for stage in stages]}),
            "inputs": {"type": "object"},
            "options": {"type": "object"},
            "gather": _say("What is received where there are many trials.", _gather()),
        },
        required=["stage"],
    )
    cases = [_case(stage) for stage in stages]
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {
            "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,63}$",
            "not": {"enum": ["seed", "sweep", "cluster"]},
        },
        "additionalProperties": {**node, "allOf": cases},
    }


def _case(stage: Stage) -> Schema:
    """Return what holds for the nodes of one stage."""
    kind = KINDS[stage.kind]
    ports = {
        name: port for name, port in kind.ports.items() if stage.kind != "train" or not spared(stage, name)
    }
    then: Schema = {
        "description": stage.summary,
        "properties": {"options": _options(stage), "inputs": _inputs(ports)},
    }
    if any(port.required for port in ports.values()):
        then["required"] = ["inputs"]
    if gathering_port(kind.name) is None:
        then["not"] = {"required": ["gather"]}
    return {"if": {"properties": {"stage": {"const": stage.ref}}, "required": ["stage"]}, "then": then}


def _options(stage: Stage) -> Schema:
    # An option that must be given may be given by the sweep.
    schema = {key: value for key, value in stage.schema().items() if key not in ("required", "title")}
    return {**schema, "description": stage.summary}


def _inputs(ports: Mapping[str, Port]) -> Schema:
    required = [name for name, port in ports.items() if port.required]
    return _object({name: _port(port) for name, port in ports.items()}, required)


def _port(port: Port) -> Schema:
    if not port.many:
        return _say(f"A node that gives {article(port.accepts)}.", _TEXT)
    listed = {"type": "array", "items": _TEXT, "uniqueItems": True, "minItems": int(port.required)}
    return _say(f"Nodes that give {article(port.accepts)}.", {"anyOf": [_TEXT, listed]})


def _gather() -> Schema:
    keys = {
        "best": _say("Keep so many, the best first.", _COUNT),
        "metric": _say("The validation metric that says which are best.", {"enum": list(VALIDATION_METRICS)}),
        "mode": _say("Whether larger or smaller values are better.", {"enum": ["max", "min"]}),
        "group": _say("One instance for each value of these axes; the rest is gathered.", _TEXTS),
        "over": _say("The axes that are gathered; the rest is kept.", _TEXTS),
    }
    mapping = _object(keys) | {
        "anyOf": [{"required": [key]} for key in ("best", "group", "over")],
        "not": {"required": ["group", "over"]},
        "dependentRequired": {"metric": ["best"], "mode": ["best"]},
    }
    return {"anyOf": [{"const": "all"}, mapping]}


def _sweep(registry: Registry) -> Schema:
    keyed: Schema = {"type": "object", "minProperties": 1, "propertyNames": {"pattern": r"^[^.]+\..+$"}}
    values: Schema = {"type": "array", "minItems": 1, "uniqueItems": True}
    space: Schema = {**keyed, "additionalProperties": {"anyOf": [values, _range()]}}
    when: Schema = {**keyed, "additionalProperties": keyed}
    counted: Schema = {"anyOf": [_COUNT, _SEEDS]}
    for_nodes = _object(
        {"values": counted, "nodes": _say("The nodes that take the seed.", _TEXTS)}, ["values"]
    )
    seeds: Schema = {"anyOf": [*counted["anyOf"], for_nodes]}
    search = _use(registry, "search")
    sweep = _object(
        {
            "search": _say("How settings are chosen from the space; by default all.", search),
            "space": _say("The values to try, or the range to search, by node.option.", space),
            "when": _say("Options that count only under values of others: option, other, values.", when),
            "where": _say("Comparisons that a setting has to meet, such as a.x <= b.y.", _TEXTS),
            "settings": _say(
                "Settings listed one by one, in place of a search.",
                {"type": "array", "minItems": 1, "items": keyed},
            ),
            "seeds": _say("How many seeds, or which; train nodes take them.", seeds),
        }
    )
    return sweep | {"minProperties": 1, "dependentRequired": {"search": ["space"]}}


def _range() -> Schema:
    keys = {
        "from": _say("The least number.", {"type": "number"}),
        "to": _say("The largest number.", {"type": "number"}),
        "scale": _say("How numbers are spread.", {"enum": list(SCALES)}),
        "count": _say("As many values at equal distances, for a grid.", {"type": "integer", "minimum": 2}),
    }
    return _object(keys, ["from", "to"])


def _use(registry: Registry, kind: str) -> Schema:
    """Return the schema of a search or tracker: its name, with or without its kind, or with options."""
    stages = _stages(registry, (kind,))
    names = [name for stage in stages for name in (stage.ref, stage.name)]
    cases = [
        {
            "if": {"properties": {"stage": {"enum": [stage.ref, stage.name]}}, "required": ["stage"]},
            "then": {"properties": {"options": _options(stage)}},
        }
        for stage in stages
    ]
    mapping = _object({"stage": {"enum": names}, "options": {"type": "object"}}, ["stage"])
    return {"anyOf": [{"enum": names}, {**mapping, "allOf": cases}]}


def _cluster() -> Schema:
    keys: Schema = {
        **dict.fromkeys(PLACES, _TEXT),
        "kwargs": {"type": "object"},
        "security": _object(dict.fromkeys(SECURITY_KEYS, _TEXT), SECURITY_KEYS),
        "resources": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
        },
    }
    places = [{"required": [key]} for key in PLACES]
    alone = {"not": {"anyOf": [*places, {"required": ["kwargs"]}]}, "minProperties": 1}
    return {"anyOf": [_TEXT, {**_object(keys), "oneOf": [*places, alone]}]}


def _stages(registry: Registry, kinds: Iterable[str]) -> list[Stage]:
    """Return the stages of these kinds that can be used; plugins that are broken or in conflict cannot."""
    found = []
    for kind in kinds:
        for ref in registry.names(kind):
            try:
                found.append(registry.stage(ref))
            except PlaitError:
                continue
    return found


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _object(properties: Schema, required: Iterable[str] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _say(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}
