"""Data sets handed over from Python: kept in the store under a key of their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError, nearest
from pipeline.running.values import to_parts

if TYPE_CHECKING:
    from pipeline.dag.spec import Dag
    from pipeline.running.store import Store

KEY_LENGTH = 32


def hand_over(dag: Dag, store: Store, data: Mapping[str, Any]) -> dict[str, str]:
    """Keep data sets, or pairs (inputs, targets), and return their keys by node.

    UserError names a node that is not there or is no data node, DataError what is wrong with the data.
    """
    return {node: _keep(dag, store, node, value) for node, value in data.items()}


def _keep(dag: Dag, store: Store, node: str, value: Any) -> str:
    from pipeline.stages.dataset import DataSet

    allowed = [name for name, spec in dag.nodes.items() if spec.kind == "data"]
    if node not in allowed:
        hint = f"    allowed: {', '.join(allowed)}\n    {nearest(node, allowed)}"
        raise UserError(f"data for {node!r}: there is no such data node\n{hint}".rstrip())
    dataset = value if isinstance(value, DataSet) else _made(node, value)
    json_part, arrays = to_parts(dataset.validate(node))
    digest = hashlib.sha256(json.dumps(json_part, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    key = digest.hexdigest()[:KEY_LENGTH]
    store.put(
        key, {**json_part, "label": node, "node": node, "metrics": {}}, arrays, {"shared": {"given": key}}
    )
    return key


def _made(node: str, value: Any) -> Any:
    from pipeline.stages.dataset import DataSet

    if not isinstance(value, tuple) or len(value) != 2:
        raise UserError(
            f"data for {node!r} must be a DataSet or a pair (inputs, targets), not {type(value).__name__}"
        )
    return DataSet(*value)
