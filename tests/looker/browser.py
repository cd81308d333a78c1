"""Headless Chromium, Debian's own, for the tests that look at the page as a person does."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
    # Whatever is not this machine does not resolve: nothing can leave, and an attempt shows as an error.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]  # fmt: skip


@dataclass
class Watched:
    """A page, with what it asked for and what it complained about."""

    page: Any  # playwright's Page; its package is not needed to collect these tests
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def foreign_requests(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(("http://127.0.0.1:", "file://", "data:", "blob:"))]

    def ready(self) -> None:
        """Wait until every card shows something."""
        self.until(
            "document.querySelectorAll('.card').length > 0 && [...document.querySelectorAll('.card')].every("
            "(card) => card.querySelector('.body > *') && (!card.querySelector('.chart') || card.querySelector('svg')))"
        )

    def until(self, expression: str, seconds: float = 20) -> None:
        """Wait until this is true in the page. (Playwright's own wait makes code from text, which the page forbids.)"""
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"not true within {seconds} s: {expression}; {self.complaints}"
            self.page.wait_for_timeout(50)

    def figure(self, metric: str) -> float:
        return float(self.page.locator(f"[data-metric={metric}]").get_attribute("data-value"))


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser with an empty profile; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, sync_api.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=str(CHROMIUM), headless=True, args=FLAGS, chromium_sandbox=False
        )
        try:
            yield context
        finally:
            context.close()


@contextmanager
def watched(context: Any, *, width: int = 1280, height: int = 900) -> Iterator[Watched]:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.set_default_timeout(20_000)
    seen = Watched(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: seen.complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    try:
        yield seen
    finally:
        page.close()
