"""`echannel start`: the assistant on a page of this machine, until Ctrl+C."""

from __future__ import annotations

import time
import webbrowser
from contextlib import suppress
from pathlib import Path

from echannel_connectors.cli import show
from echannel_connectors.cli.language import spoken
from echannel_connectors.start.server import serve_start
from echannel_connectors.texts import say


def run(folder: Path, port: int, *, browser: bool) -> None:
    """Serve the page and open it; the address is printed for whoever's browser does not open by itself."""
    with serve_start(folder, language=spoken(), port=port) as url, suppress(KeyboardInterrupt):
        show.talk(say("The assistant is open in your browser; if it is not, open this address: {url}", url=url))
        show.talk(say("Keep this window open while you use it (Ctrl+C ends it; nothing is lost)."))
        if browser:
            webbrowser.open(url)
        while True:
            time.sleep(3600)
