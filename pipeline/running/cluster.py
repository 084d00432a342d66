"""Where a run's tasks are executed: this process, processes of this machine, or a Dask cluster elsewhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.dag.cluster import PLACES, WITHOUT_PLACE
from pipeline.errors import UserError, nearest
from pipeline.running.secrets import hidden, resolved
from pipeline.running.tls import require_tls, tls_reason, tls_security

if TYPE_CHECKING:
    from distributed import Client

ALLOWED = "inline, local, local:4, tcp://HOST:PORT, tls://HOST:PORT, MODULE:CLASS"
CONNECT_SECONDS = 5
DEATHS = 2  # so many workers may die under a task before it is given up
START = "start one with `dask scheduler`, or leave --cluster out to use the cores of this machine"


@dataclass(frozen=True)
class ClusterSpec:
    """What was asked for: `kind` is inline, local, address, file or class; 0 `workers` leaves them open.

    `kwargs` still name environment variables where the file does.  `security` names the files of TLS, and
    `resources` are what each task takes of its worker.
    """

    kind: str
    workers: int = 0
    target: str = ""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    security: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.kind == "local" and self.workers:
            return f"local:{self.workers}"
        return self.target or self.kind


Wanted = str | Mapping[str, Any] | None


def cluster_spec(wanted: Wanted, from_file: Wanted = None) -> ClusterSpec:
    """Read what was asked for, or else what the file's `cluster` says.

    A place named alone takes what the file says of the same place, or of none.
    """
    wanted = wanted or from_file or "local"
    if isinstance(wanted, Mapping):
        return _from_mapping(wanted)
    if wanted == "inline":
        return ClusterSpec("inline", 1)
    settings = from_file if isinstance(from_file, Mapping) else {}
    if "://" in wanted:
        return _from_mapping(_at("address", wanted, settings))
    if wanted == "local" or wanted.startswith("local:"):
        return ClusterSpec(
            "local", _count(wanted), resources=_at("local", wanted, settings).get("resources", {})
        )
    if ":" in wanted:
        return _from_mapping(_at("class", wanted, settings))
    raise UserError(f"there is no cluster {wanted!r}\n    allowed: {ALLOWED}\n    {_near(wanted)}".rstrip())


def _at(place: str, wanted: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a place that was named alone: those of the file, unless they are another's."""
    named = {key: settings[key] for key in PLACES if settings.get(key)}
    return {**({} if named and named != {place: wanted} else settings), place: wanted}


def _near(wanted: str) -> str:
    return nearest(wanted, ("inline", "local"))


def _count(wanted: str) -> int:
    digits = wanted.partition(":")[2]
    if wanted == "local":
        return 0
    if not digits.isdecimal() or not int(digits):
        raise UserError(
            f"cluster {wanted!r}: {digits!r} is not a number of processes\n"
            "    allowed: local, local:1, local:2, ..."
        )
    return int(digits)


def _from_mapping(settings: Mapping[str, Any]) -> ClusterSpec:
    workers = int(settings.get("workers", 0))
    shared: dict[str, Any] = {key: dict(settings.get(key) or {}) for key in sorted(WITHOUT_PLACE)}
    if settings.get("address"):
        return ClusterSpec("address", target=str(settings["address"]), **shared)
    if settings.get("scheduler_file"):
        return ClusterSpec("file", target=str(settings["scheduler_file"]), **shared)
    if settings.get("class"):
        kwargs = dict(settings.get("kwargs") or {})
        return ClusterSpec("class", workers, str(settings["class"]), kwargs, **shared)
    if settings.get("kwargs"):
        raise UserError(
            "the cluster has kwargs but no class\n    write cluster: {class: MODULE:CLASS, kwargs: {...}}"
        )
    if shared["security"]:
        raise UserError(
            "the cluster has security but no place\n"
            "    name one by --cluster tls://HOST:PORT, or write address, scheduler_file or class beside it"
        )
    return ClusterSpec("local", workers, resources=shared["resources"])


def local_workers(backend: str) -> int:
    """Return how many local processes fit: one per GPU on CuPy, otherwise one per core that is ours."""
    if backend == "cupy":
        import cupy

        return max(1, int(cupy.cuda.runtime.getDeviceCount()))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def connect(spec: ClusterSpec, workers: int, backend: str) -> tuple[Client, Any]:
    """Return a Dask client, and the cluster to close after it (None where it is not ours).

    Raises UserError where the address does not answer, a certificate does not serve, a variable of the
    environment is missing, or the class is not there or does not start.
    """
    if spec.kind in ("address", "file"):
        return _existing(spec), None
    cluster = _local(workers, backend) if spec.kind == "local" else _of_class(spec)
    from distributed import Client

    try:
        return Client(cluster, set_as_default=False), cluster
    except BaseException:
        cluster.close()
        raise


def _existing(spec: ClusterSpec) -> Client:
    """Connect to a scheduler that runs already, given by its address or the file it has written."""
    from distributed import Client

    where: dict[str, Any] = {"address" if spec.kind == "address" else "scheduler_file": spec.target}
    if spec.kind == "file" and not Path(spec.target).is_file():
        raise UserError(f"there is no scheduler file {spec.target}\n    {START}")
    if spec.security:
        where["security"] = tls_security(spec.security)
    if spec.kind == "address":
        require_tls(spec.target, where.get("security"))
    try:
        if spec.kind == "address":
            _knock(spec.target)
        return Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        if reason := tls_reason(error):
            raise UserError(
                f"the Dask scheduler at {spec.target} and this process do not trust each other: {reason}\n"
                "    cert and ca_file have to be of the authority that the scheduler's own certificate is of"
            ) from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"cannot reach a Dask scheduler at {spec.target}: {reason}\n    {START}") from error


def require_workers(client: Client, target: str) -> None:
    """Raise UserError if a scheduler has no worker and gets none soon: tasks would wait for ever."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise UserError(
            f"the Dask scheduler at {target} has no workers\n    start some with `dask worker {target}`"
        ) from error


def _knock(address: str) -> None:
    """Raise OSError at once if nobody listens: Dask would try for as long as it may."""
    host, _, port = address.partition("://")[2].rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()


def _local(workers: int, backend: str) -> Any:
    from pipeline.running.nanny import LastingCluster, PlainNanny, Shelter

    return LastingCluster(
        n_workers=workers,
        threads_per_worker=1,
        worker_class=PlainNanny,
        dashboard_address=None,
        scheduler_kwargs={
            "dashboard": False,
            "dashboard_address": ":0",  # 8787 may be taken
            "allowed_failures": DEATHS - 1,
        },
        silence_logs=50,
        memory_limit=0,  # Dask's limit would pause a worker for ever: a cohort's arrays are no Dask results
        preload=["pipeline.running.warm"],
        shelter=Shelter(),
        one_gpu_each=backend == "cupy",
        resources={"GPU": 1} if backend == "cupy" else {},
    )


def _of_class(spec: ClusterSpec) -> Any:
    module, _, name = spec.target.partition(":")
    try:
        factory = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"cluster class {spec.target!r} cannot be imported: {error}\n"
            "    write it as MODULE:CLASS, say dask_jobqueue:SLURMCluster, and install its package here"
        ) from error
    kwargs, secrets = resolved(spec.kwargs)
    if spec.security:
        kwargs["security"] = tls_security(spec.security)
    try:
        return _scaled(factory(**kwargs), spec.workers)
    except Exception as error:
        told, cause = hidden(str(error), secrets), None if secrets else error
    # Outside of `except`, so that an error which may show a secret is not carried along.
    raise UserError(
        f"cluster {spec.target} did not start with kwargs {dict(spec.kwargs)}: {told}\n"
        "    see the class's own documentation for what its kwargs mean"
    ) from cause


def _scaled(cluster: Any, workers: int) -> Any:
    if workers:
        try:
            cluster.scale(workers)
        except BaseException:
            cluster.close()
            raise
    return cluster
