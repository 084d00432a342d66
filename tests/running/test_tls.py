"""Connections to a scheduler that asks for certificates: real ones, made by openssl."""

import subprocess
from contextlib import closing

import pytest
from outside import Outside

from pipeline import UserError
from pipeline.running.cluster import cluster_spec, connect

CHILD = ["-CAcreateserial", "-days", "2", "-req"]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def authority(folder):
    """Make an authority, a certificate that it signed and its key; return their files."""
    folder.mkdir()
    files = {"ca_file": folder / "ca.pem", "cert": folder / "cert.pem", "key": folder / "key.pem"}
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    ca_key, request = folder / "ca-key.pem", folder / "request.pem"
    openssl(
        *new, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", ca_key, "-out", files["ca_file"]
    )
    openssl(*new, "-subj", "/CN=plait", "-keyout", files["key"], "-out", request)
    signing = ("-CA", files["ca_file"], "-CAkey", ca_key)
    openssl("x509", *CHILD, "-in", request, *signing, "-out", files["cert"])
    return {name: str(path) for name, path in files.items()}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def guarded(files, tmp_path_factory):
    """A scheduler and a worker that speak TLS alone."""
    flags = ["--tls-ca-file", files["ca_file"], "--tls-cert", files["cert"], "--tls-key", files["key"]]
    with closing(Outside(tmp_path_factory.mktemp("guarded"), *flags, protocol="tls")) as cluster:
        cluster.worker()
        yield cluster


def refused(small, address, security):
    with pytest.raises(UserError) as caught:
        small.run(cluster={"address": address, "security": security})
    return str(caught.value)


def test_a_run_on_a_cluster_with_certificates_gives_the_same_weights(small, guarded, files, tmp_path):
    assert guarded.address.startswith("tls://")
    there = small.run(cluster={"address": guarded.address, "security": files}, store=tmp_path / "there")
    assert there.state == "done"
    assert small.weights(there) == small.weights(small.run())


def test_a_dag_file_names_certificates_and_the_command_the_address(small, guarded, files):
    file = small.file()
    file.write_text(f"{file.read_text()}cluster: {{security: {files}}}\n")
    assert small.run(file, cluster=guarded.address).state == "done"


def test_a_scheduler_file_serves_with_certificates(small, guarded, files):
    client, _ = connect(cluster_spec({"scheduler_file": str(guarded.file), "security": files}), 1, "numpy")
    with closing(client):
        assert client.scheduler.address == guarded.address


def test_an_encrypted_address_without_certificates_says_what_to_write(small, guarded):
    with pytest.raises(UserError, match=r"tls://.* needs certificates\n.*security: \{ca_file: FILE"):
        small.run(cluster=guarded.address)


def test_certificates_for_an_address_that_is_not_encrypted_are_refused(small, files):
    assert "tcp://127.0.0.1:9 is not encrypted" in refused(small, "tcp://127.0.0.1:9", files)


@pytest.mark.parametrize("name", ["ca_file", "cert", "key"])
def test_a_missing_file_is_named(small, guarded, files, name):
    message = refused(small, guarded.address, {**files, name: "/nowhere/x.pem"})
    assert message.startswith(f"security: {name} /nowhere/x.pem cannot be read: No such file")


def test_files_that_are_no_certificates_are_named(small, guarded, files, tmp_path):
    other = tmp_path / "text.pem"
    other.write_text("no certificate\n")
    assert f"ca_file {other} holds no cert" in refused(
        small, guarded.address, {**files, "ca_file": str(other)}
    )
    assert f"cert {other} and key" in refused(small, guarded.address, {**files, "cert": str(other)})


def test_a_key_of_another_certificate_is_refused(small, guarded, files, tmp_path):
    foreign = authority(tmp_path / "foreign")
    message = refused(small, guarded.address, {**files, "key": foreign["key"]})
    assert "the key is the certificate's own" in message


def test_a_key_with_a_password_is_refused_without_asking_for_it(small, guarded, files, tmp_path):
    locked = tmp_path / "locked.pem"
    openssl("ec", "-in", files["key"], "-aes256", "-passout", "pass:word", "-out", locked)
    assert "has no password" in refused(small, guarded.address, {**files, "key": str(locked)})


def test_certificates_of_another_authority_are_told_from_a_scheduler_that_is_not_there(
    small, guarded, tmp_path
):
    message = refused(small, guarded.address, authority(tmp_path / "foreign"))
    assert "do not trust each other" in message
    assert "of the authority that the scheduler's own certificate is of" in message


def test_security_without_a_place_is_refused(files):
    with pytest.raises(UserError, match="security but no place"):
        cluster_spec(None, {"security": files})
