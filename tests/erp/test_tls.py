"""TLS with a CA file of one's own: the server that shows a certificate of it is read, any other is not spoken to."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from echannel_connectors import Erp
from echannel_connectors.errors import EChannelError, SettingsError, UnexpectedData
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.reader import Database, Manners
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Slice
from tests.erp.conftest import running_mariadb

trustme = pytest.importorskip("trustme")
SPEC: dict[str, Any] = {
    "connector": "acme",
    "dialect": "duckdb",
    "tables": {"warehouses": {"from": "depots AS d", "columns": {"warehouse_id": "d.id"}}},
}


class Certificates:
    """A CA, a certificate of it for 127.0.0.1, and another CA that nobody knows."""

    def __init__(self, folder: Path) -> None:
        mine, other = trustme.CA(), trustme.CA()
        self.ca, self.other_ca, self.cert, self.key = (folder / name for name in ("ca", "other", "cert", "key"))
        mine.cert_pem.write_to_path(str(self.ca))
        other.cert_pem.write_to_path(str(self.other_ca))
        issued = mine.issue_cert("127.0.0.1")
        self.cert.write_bytes(issued.cert_chain_pems[0].bytes())
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.key.chmod(0o600)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def postgres_tls(certificates: Certificates) -> Iterator[str]:
    """A PostgreSQL of Debian (the one from pip has no TLS) that only speaks TLS, with a password."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("no PostgreSQL with TLS is installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    data, port = folder / "data", free_port()
    who: dict[str, Any] = {"user": "postgres", "cwd": folder} if getpass.getuser() == "root" else {}
    if who:
        shutil.chown(folder, "postgres")

    def run(program: str, *arguments: object, **given: Any) -> None:
        command = [programs[-1] / program, *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **who, **given)
        assert done.returncode == 0, done.stderr

    run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-N")
    for name, content in (("server.crt", certificates.cert), ("server.key", certificates.key)):
        (data / name).write_bytes(content.read_bytes())
        (data / name).chmod(0o600)
        if who:
            shutil.chown(data / name, "postgres")
    (data / "pg_hba.conf").write_text("hostssl all reader 127.0.0.1/32 scram-sha-256\nlocal all all trust\n")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder} -c ssl=on"
    try:
        run("pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
        script = b"""CREATE TABLE depots (id integer); INSERT INTO depots VALUES (7);
            CREATE TABLE many AS SELECT g AS id, repeat('m', 100) AS note FROM generate_series(1, 60000) AS g;
            CREATE ROLE reader LOGIN PASSWORD 'let-me-read'; GRANT SELECT ON depots, many TO reader"""
        run("psql", "-q", "-h", folder, "-p", port, "-U", "postgres", input=script)
        yield f"postgresql://reader:let-me-read@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-D", data)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def mariadb_tls(certificates: Certificates) -> Iterator[str]:
    tls = ("--require-secure-transport=1", f"--ssl-cert={certificates.cert}", f"--ssl-key={certificates.key}")
    with running_mariadb(*tls) as server:
        script = """CREATE DATABASE books; CREATE TABLE books.depots (id INTEGER); INSERT INTO books.depots VALUES (7);
            GRANT SELECT ON books.* TO reader@'127.0.0.1' IDENTIFIED BY 'let-me-read'"""
        subprocess.run(server.client, input=script.encode(), check=True, capture_output=True)
        yield f"mysql://reader:let-me-read@127.0.0.1:{server.port}/books"


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.apt) for name in ("postgres_tls", "mariadb_tls")])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def depots(url: str, ca_file: Path | None) -> list[str]:
    source = Erp(connector="acme", url=url, spec=Spec.model_validate(SPEC), ca_file=ca_file)
    try:
        return [
            key for batch in source.streams()["warehouses"].read(Slice(), None) for key in batch.rows[0].to_pylist()
        ]
    finally:
        source.close()


def test_a_server_with_a_certificate_of_the_ca_is_read(url: str, certificates: Certificates) -> None:
    assert depots(url, certificates.ca) == ["7"]


def test_another_server_is_not_spoken_to(url: str, certificates: Certificates) -> None:
    """Neither one with a certificate of somebody else, nor one under another name."""
    with pytest.raises(EChannelError, match="certificate"):
        depots(url, certificates.other_ca)
    with pytest.raises(EChannelError, match="certificate"):
        depots(url.replace("127.0.0.1", "localhost"), certificates.ca)


@pytest.mark.apt
def test_each_of_several_connections_is_encrypted(postgres_tls: str, certificates: Certificates) -> None:
    """(The server lets in nobody else.) They are ended all together as well."""
    database = Database(Address.of(postgres_tls, certificates.ca), rows=500, manners=Manners(connections=3))
    columns = Columns("many", pa.schema([("id", pa.int64()), ("note", pa.string())]))
    selects = [f"SELECT * FROM many WHERE id % 3 = {part}" for part in range(database.readers())]
    keys = [key for batch in database.selects(selects, columns) for key in batch["id"].to_pylist()]
    assert sorted(keys) == list(range(1, 60_001))
    assert database._state is not None
    assert len(database._state.connections) == len(selects) == 3
    refused = [*selects[:2], "SELECT 1 / (id - 40000) AS id, note FROM many"]
    with pytest.raises(UnexpectedData, match="division by zero"):
        list(database.selects(refused, columns))
    assert not database._state.connections
    assert len(list(database.select("SELECT * FROM many LIMIT 3", columns))) == 1
    database.close()


def test_a_ca_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no CA file '.*nobody\.pem'"):
        depots("postgresql://reader@127.0.0.1:9/books", tmp_path / "nobody.pem")


def test_a_ca_file_for_a_database_in_a_file_is_told(certificates: Certificates) -> None:
    with pytest.raises((SettingsError, ValidationError), match="ca_file is known for"):
        depots("sqlite:///books.db", certificates.ca)


def test_the_ca_file_is_seen_from_the_project(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    source = Erp.for_spec("dolibarr", tmp_path, url="mysql://reader@erp/books", ca_file="ca.pem")
    assert source.ca_file == tmp_path / "ca.pem"
