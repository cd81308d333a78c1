"""Microsoft's own T-SQL parser, without any server: the language service that its command line brings along.

`make tsql-parser` puts it into `.tools` (Linux on x86-64). It reads a document and tells what is wrong with it, over
stdin and stdout, as editors ask for it.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).parents[3] / ".tools"
SERVICE = TOOLS / "mssqlcli/mssqltoolsservice/bin/MicrosoftSqlToolsServiceLayer"
OPENSSL = TOOLS / "psycopg2_binary.libs"  # version 1.1, which the service's runtime looks for
PATIENCE = 60  # seconds for one answer


class Parser:
    def __init__(self, folder: Path) -> None:
        surroundings = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "LD_LIBRARY_PATH": str(OPENSSL)}
        self.service = subprocess.Popen(
            [SERVICE, "--log-file", folder / "log"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **surroundings},
            cwd=folder,
        )
        self.folder = folder
        self.answers: queue.Queue[Any] = queue.Queue()
        self.asked = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self._say("initialize", {"processId": os.getpid(), "rootPath": str(folder), "capabilities": {}}, id="1")
        self.answers.get(timeout=PATIENCE)

    def complaints(self, sql: str) -> list[str]:
        self.asked += 1
        uri = f"file://{self.folder}/{self.asked}.sql"
        document = {"uri": uri, "languageId": "SQL", "version": 1, "text": sql}
        self._say("textDocument/didOpen", {"textDocument": document})
        while True:
            said = self.answers.get(timeout=PATIENCE).get("params", {})
            if said.get("uri") == uri:
                return [one["message"] for one in said["diagnostics"]]

    def close(self) -> None:
        self.service.terminate()
        self.service.communicate(timeout=PATIENCE)

    def _say(self, method: str, params: dict[str, Any], **more: str) -> None:
        text = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        assert self.service.stdin
        self.service.stdin.write(b"Content-Length: %d\r\n\r\n" % len(text) + text)
        self.service.stdin.flush()

    def _listen(self) -> None:
        assert self.service.stdout
        size = 0
        while line := self.service.stdout.readline():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
            elif not line.strip():
                self.answers.put(json.loads(self.service.stdout.read(size)))
