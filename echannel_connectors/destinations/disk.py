"""Whether a file's disk lasts: memory and the layers of a container go with what they were made for."""

from __future__ import annotations

import tempfile
from pathlib import Path

from echannel_connectors.texts import Text, say

MOUNTS = Path("/proc/self/mounts")
IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
OF_A_CONTAINER = frozenset({"overlay", "aufs"})


def passing(file: Path, mounts: Path = MOUNTS) -> Text | None:
    """Why the disk of `file` does not last; None where nothing speaks against it."""
    folder = file.resolve().parent
    kind = _kind(folder, mounts)
    if kind in IN_MEMORY:
        return say("{folder} is in memory: it is gone when this machine starts again", folder=folder)
    if kind in OF_A_CONTAINER:
        return say("{folder} belongs to a container: it is gone with it", folder=folder)
    if folder.is_relative_to(Path(tempfile.gettempdir()).resolve()):
        return say("{folder} is for temporary files, which the system deletes", folder=folder)
    return None


def _kind(folder: Path, mounts: Path) -> str:
    """The kind of file system that holds a folder: that of the longest mount point above it; "" where unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""  # not Linux
    found: dict[str, str] = {}
    for line in lines:
        _, place, kind, *_ = line.split(" ")
        found[place.encode("utf-8", "surrogateescape").decode("unicode_escape")] = kind  # a blank is written \040
    above = [place for place in found if folder.is_relative_to(place)]
    return found[max(above, key=len)] if above else ""
