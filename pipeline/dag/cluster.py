"""Read the file's `cluster`: where Dask computes, by which certificates, and what tasks take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pipeline.dag import reading
from pipeline.dag.located import Located, describe
from pipeline.dag.problems import Problems

PLACES = ("class", "address", "scheduler_file")
SECURITY_KEYS = ("ca_file", "cert", "key")
CLUSTER_KEYS = ("class", "kwargs", "address", "scheduler_file", "security", "resources")
WITHOUT_PLACE = {"security", "resources"}
"""Keys that may stand without a place: it is named by --cluster, or is this machine."""


def read_cluster(at: Located, problems: Problems) -> Mapping[str, Any]:
    """Return the mapping `cluster` as plain values, or note what is wrong with it."""
    found = reading.entries(at, "cluster", problems, CLUSTER_KEYS)
    places = found.keys() & set(PLACES)
    alone = not places and "kwargs" not in found and bool(found.keys() & WITHOUT_PLACE)
    if isinstance(at.value, Mapping) and len(places) != 1 and not alone:
        problems.add(at, "cluster needs one of class, address and scheduler_file")
    if "security" in found:
        _check_security(found["security"].value, problems)
    if "resources" in found:
        _check_resources(found["resources"].value, problems)
    return {key: entry.value.plain() for key, entry in found.items()}


def _check_security(at: Located, problems: Problems) -> None:
    found = reading.entries(at, "security", problems, SECURITY_KEYS)
    for key, entry in found.items():
        reading.text(entry.value, key, problems)
    if isinstance(at.value, Mapping) and (missing := [key for key in SECURITY_KEYS if key not in found]):
        problems.add(
            at, f"security lacks {' and '.join(missing)}", hint="write {ca_file: FILE, cert: FILE, key: FILE}"
        )


def _check_resources(at: Located, problems: Problems) -> None:
    found = reading.entries(at, "resources", problems)
    for name, entry in found.items():
        if not _is_amount(entry.value.value):
            told = describe(entry.value.value)
            problems.add(entry.value, f"the resource {name} is {told}", allowed=("numbers above 0",))
    if isinstance(at.value, Mapping) and not at.value:
        problems.add(at, "resources are empty", hint="write what a task needs, say {GPU: 1}")


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
