"""The reference of DAG files as Markdown, from the JSON Schema: `docs/dag-file.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.hooks import KINDS
from pipeline.report.schema import allowed_values, default_value

Schema = Mapping[str, Any]

_INTRODUCTION = """\
# The DAG file

Written by `plait schema --markdown` from the stages that are installed; `make docs` writes it again.
`plait schema > dag.schema.json` gives the same to an editor: begin a file with
`# yaml-language-server: $schema=dag.schema.json` and it completes and checks while you type.

A file is YAML 1.2 in UTF-8, without aliases: one mapping with these keys.
"""

_NODE = """\
## A node
A name of letters, digits, `_` and `-`, and a mapping. Its stage says what `inputs` and `options` hold.
"""

_GATHER = """\
### gather
A node whose inputs vary over the sweep is copied for each trial. A node with `gather` receives many of them
instead: `gather: all`, or a mapping with these keys. `best` may stand beside `group` or `over`.
"""

_SWEEP = """\
## The sweep
"""

_STAGES = """\
## The stages
An option without a default must be given, in the file or by the sweep. Numbers (not whole ones) of augment,
model, loss, regularizer, optimizer and schedule may vary inside a cohort; other swept options split cohorts.
"""


def reference(schema: Schema) -> str:
    """Return the Markdown of the schema of DAG files."""
    node = schema["properties"]["nodes"]["additionalProperties"]
    gather = node["properties"]["gather"]["anyOf"][1]
    return (
        "\n".join(
            [
                _INTRODUCTION,
                *_keys(schema),
                _NODE,
                *_keys(node),
                _GATHER,
                *_keys(gather),
                _SWEEP,
                *_keys(schema["properties"]["sweep"]),
                _STAGES,
                *_stages([*node["allOf"], *_used(schema)]),
            ]
        ).rstrip()
        + "\n"
    )


def _keys(schema: Schema) -> Iterator[str]:
    required = schema.get("required", ())
    yield from ("| key | what | allowed |", "|---|---|---|")
    for name, value in schema["properties"].items():
        must = ", must be there" if name in required else ""
        default = f", `{default_value(value)}` by default" if "default" in value else ""
        allowed = _STAGE_IN_WORDS.get(name) or _cell(allowed_values(value))
        yield f"| `{name}` | {value.get('description', _BY_STAGE)} | {allowed}{must}{default} |"
    yield ""


_BY_STAGE = "As the stage says."
_USE = "a stage from below, or `{stage: NAME, options: {...}}`"
_STAGE_IN_WORDS = {  # there are too many names to list in a cell
    "stage": "a stage from below",
    "search": _USE,
    "trackers": f"{_USE}, or a list of such",
}


def _stages(cases: list[Schema]) -> Iterator[str]:
    by_kind: dict[str, list[Schema]] = {}
    for case in cases:
        by_kind.setdefault(_name(case).partition(".")[0], []).append(case)
    for kind in KINDS:
        if kind in by_kind:
            yield from (f"### {kind}", KINDS[kind].summary, "")
            inputs = [case["then"]["properties"].get("inputs", {}) for case in by_kind[kind]]
            # some train stages have no use for a part or other
            yield from _inputs(max(inputs, key=lambda schema: len(schema.get("properties", ()))))
            for case in by_kind[kind]:
                yield from _stage(_name(case), case["then"]["properties"]["options"])


def _inputs(inputs: Schema) -> Iterator[str]:
    ports = inputs.get("properties", {})
    if ports:
        required = inputs.get("required", ())
        yield from ("| input | what | |", "|---|---|---|")
        for name, port in ports.items():
            must = "must be there" if name in required else "may be left out"
            yield f"| `{name}` | {port['description']} | {must} |"
        yield ""


def _stage(name: str, options: Schema) -> Iterator[str]:
    yield from (f"**`{name}`**  {options.get('description', '')}", "")
    if options.get("properties"):
        yield from ("| option | allowed | default |", "|---|---|---|")
        for option, schema in options["properties"].items():
            default = f"`{default_value(schema)}`" if "default" in schema else _FILLED
            yield f"| `{option}` | {_cell(allowed_values(schema))} | {default} |"
        yield ""


_FILLED = "from the data, or must be given"


def _used(schema: Schema) -> Iterator[Schema]:
    """Yield the cases of searches and trackers, which are no nodes."""
    search = schema["properties"]["sweep"]["properties"]["search"]
    trackers = schema["properties"]["trackers"]["anyOf"][0]
    for use in (search, trackers):
        yield from use["anyOf"][1]["allOf"]


def _name(case: Schema) -> str:
    stage = case["if"]["properties"]["stage"]
    return str(stage.get("const") or stage["enum"][0])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")
