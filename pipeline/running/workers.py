"""What the workers of a cluster have to have: the driver's versions, and the resources that tasks take."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError
from pipeline.hooks import PROJECT
from pipeline.stages.discovery import LOCAL

if TYPE_CHECKING:
    from distributed import Client

    from pipeline.dag.spec import Dag

PYTHON = "Python"


def plugin_versions(dag: Dag) -> dict[str, str]:
    """Return the versions of the distributions, other than plait, whose stages a DAG's nodes are."""
    stages = {dag.registry.stage(spec.stage) for spec in dag.nodes.values()}
    return {s.distribution: s.version for s in stages if s.distribution not in (PROJECT, LOCAL)}


def installed(distributions: Iterable[str]) -> dict[str, str]:
    """Return which Python, plait and distributions this process has; "" for one that is absent.

    Of Python it is the part that decides which packages fit, such as 3.11.
    """
    from pipeline import __version__

    python = ".".join(platform.python_version_tuple()[:2])
    return {PYTHON: python, PROJECT: __version__, **{name: _version(name) for name in distributions}}


def require_versions(client: Client, plugins: Mapping[str, str]) -> None:
    """Raise UserError if a worker's plait, Python or plugins are not those of this process.

    Workers that leave meanwhile are not asked again.
    """
    wanted = {**installed(()), **plugins}
    answers: Mapping[str, Any] = client.run(installed, list(plugins), on_error="return")
    for worker, found in sorted(answers.items()):
        if isinstance(found, OSError):  # it has left
            continue
        if isinstance(found, Exception):  # of whatever kind: Dask cannot always hand on the worker's own
            raise UserError(
                f"worker {worker} has no plait, or another version than {wanted[PROJECT]}: {found}\n"
                f"    {_fix(PROJECT, wanted[PROJECT])}"
            )
        for name, version in wanted.items():
            _compare(worker, name, version, found[name])


def fitting(client: Client, resources: Mapping[str, float]) -> int:
    """Return how many of the workers that are connected have all these resources."""
    return sum(_has(worker, resources) for worker in _workers(client).values())


def require_resources(client: Client, resources: Mapping[str, float], target: str) -> None:
    """Raise UserError if no worker has what each task takes: tasks would wait for ever."""
    workers = _workers(client)
    if any(_has(worker, resources) for worker in workers.values()):
        return
    asked = " ".join(f"{name}={amount:g}" for name, amount in resources.items())
    theirs = {_told(worker.get("resources") or {}) for worker in workers.values()}
    raise UserError(
        f"no worker of the cluster {target} has the resources that tasks take: {_told(resources)}\n"
        f"    the {len(workers)} connected have: {'; '.join(sorted(theirs))}\n"
        f'    start workers with `dask worker ADDRESS --resources "{asked}"`, or correct `resources`'
    )


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _compare(worker: str, name: str, version: str, found: str) -> None:
    if found and found != version:
        raise UserError(
            f"worker {worker} has {name} {found}, and this process {name} {version}\n"
            f"    {_fix(name, version)}"
        )
    if not found:
        raise UserError(
            f"worker {worker} lacks the plugin {name}, of which this process has {version}\n"
            f"    {_fix(name, version)}"
        )


def _fix(name: str, version: str) -> str:
    if name == PYTHON:
        return f"start the worker with Python {version}, or plait with the worker's"
    return f"install it there (pip install {name}=={version}) and start the worker again"


def _workers(client: Client) -> Mapping[str, Mapping[str, Any]]:
    workers: Mapping[str, Mapping[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    return workers


def _has(worker: Mapping[str, Any], resources: Mapping[str, float]) -> bool:
    owned = worker.get("resources") or {}
    return all(owned.get(name, 0) >= amount for name, amount in resources.items())


def _told(resources: Mapping[str, float]) -> str:
    return ", ".join(f"{name}: {amount:g}" for name, amount in sorted(resources.items())) or "none"
