"""Encrypted connections to a cluster: certificates checked before Dask meets them."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.dag.cluster import SECURITY_KEYS as KEYS
from pipeline.errors import UserError

WRITE = "write cluster: {address: tls://HOST:PORT, security: {ca_file: FILE, cert: FILE, key: FILE}}"


def tls_security(files: Mapping[str, str]) -> Any:
    """Return Dask's Security for the PEM files `ca_file`, `cert` and `key`; every connection is encrypted.

    UserError where a file is missing, cannot be read, is not what it should be, or key and cert differ.
    """
    from distributed import Security

    if unfit := [key for key in KEYS if not files.get(key)] + sorted(files.keys() - set(KEYS)):
        raise UserError(
            f"security is incomplete, or has too much: {', '.join(unfit)}\n"
            f"    allowed: {', '.join(KEYS)}\n    {WRITE}"
        )
    paths = {key: _readable(key, Path(files[key]).expanduser()) for key in KEYS}
    _check(paths)
    names = {"tls_ca_file": "ca_file", "tls_client_cert": "cert", "tls_client_key": "key"}
    # A cluster of a class starts a scheduler and workers too, with the same certificate.
    for role in ("scheduler", "worker"):
        names |= {f"tls_{role}_cert": "cert", f"tls_{role}_key": "key"}
    return Security(require_encryption=True, **{name: str(paths[key]) for name, key in names.items()})


def require_tls(address: str, security: Any) -> None:
    """Raise UserError if an address and what is known of certificates do not fit each other."""
    from distributed import Security

    encrypted = address.startswith(("tls://", "wss://"))
    if security is not None and not encrypted:
        raise UserError(
            f"the cluster has security, but {address} is not encrypted\n    write tls:// in the address"
        )
    if encrypted and security is None and not Security().get_connection_args("client")["ssl_context"]:
        raise UserError(f"{address} needs certificates\n    {WRITE}")


def tls_reason(error: BaseException) -> str:
    """Say what TLS had against a connection; "" if it was not TLS that failed."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return getattr(seen, "verify_message", "") or seen.reason or str(seen)
        if "TLS" in str(seen) or "certificate" in str(seen):
            return str(seen).splitlines()[0]
        seen = seen.__cause__ or seen.__context__
    return ""


def _readable(key: str, path: Path) -> Path:
    try:
        path.read_bytes()
    except OSError as error:
        raise UserError(
            f"security: {key} {path} cannot be read: {error.strerror}\n"
            f"    looked for {path.absolute()}\n    {WRITE}"
        ) from error
    return path


def _check(paths: Mapping[str, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(paths["ca_file"])
    except ssl.SSLError as error:
        raise UserError(
            f"security: ca_file {paths['ca_file']} holds no certificate: {error.reason or error}\n"
            "    it is the PEM file of the authority that signed the scheduler's certificate"
        ) from error
    try:
        # A password would be asked for on the terminal, here and again in Dask.
        context.load_cert_chain(paths["cert"], paths["key"], password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise UserError(
            f"security: cert {paths['cert']} and key {paths['key']} do not serve: "
            f"{getattr(error, 'reason', '') or error}\n"
            "    both are PEM files, the key is the certificate's own and has no password"
        ) from error
