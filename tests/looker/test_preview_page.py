"""The preview's server answers its own page and nobody else's; the offline file stands alone."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from echannel_connectors.errors import Conflict, SettingsError
from echannel_connectors.looker.preview import serve_preview, write_static
from tests.looker.marts import COMPANY, make_marts, query_of


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("marts") / "shop.duckdb"
    return make_marts(file, today=datetime.now(UTC).date(), days=120, orders_per_day=3)


@pytest.fixture(scope="module")
def address(shop_file: Path) -> Iterator[str]:
    with serve_preview(query_of(shop_file), company=COMPANY) as url:
        yield url


def ask(address: str, path: str = "", *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request(method, path if path.startswith("/") else parts.path + path, headers=headers)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    finally:
        connection.close()


def test_the_page_and_its_parts_are_served_from_this_machine(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    status, headers, page = ask(address)
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert "'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    for name in re.findall(r'(?:src|href)="([^"#:]+\.\w+)"', page.decode()):
        assert ask(address, name)[0] == 200, name


def test_figures_come_as_json(address: str) -> None:
    status, headers, body = ask(address, "data?page=overview&period=last_28_days&only.market=FR")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert [row[0] for row in json.loads(body)["charts"]["markets"]["rows"]] == ["FR"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost.evil.example:80", "127.0.0.1:1", ""])
def test_a_foreign_host_is_refused(address: str, host: str) -> None:
    """DNS rebinding: a page elsewhere may reach this port, but it arrives under its own name."""
    status, _, body = ask(address, "data?page=overview", Host=host)
    assert status in (400, 403)
    assert b"charts" not in body


def test_localhost_is_this_machine_too(address: str) -> None:
    assert ask(address, Host=f"localhost:{urlsplit(address).port}")[0] == 200


@pytest.mark.parametrize("path", ["/", "/data?page=overview", "/wrong-token/data?page=overview", "/%C3%A9/", "//"])
def test_without_the_token_nothing_is_told(address: str, path: str) -> None:
    """Other users of the same machine can reach the port as well."""
    status, _, body = ask(address, path)
    assert status == 404
    assert b"charts" not in body
    assert b"Atelier" not in body


@pytest.mark.parametrize(
    "path", ["../server.py", "page.py", "assets/page.js", "%2e%2e/page.py", "page.html", "data/../../x"]
)
def test_no_other_file_is_served(address: str, path: str) -> None:
    assert ask(address, path)[0] == 404


def test_only_reading_is_possible(address: str) -> None:
    assert ask(address, "data", method="POST")[0] == 501
    assert ask(address, method="HEAD")[2] == b""


@pytest.mark.parametrize(
    "asked",
    [
        "page=nowhere", "period=yesteryear", "period=custom", "period=custom&first=2026-02-30&last=2026-03-01",
        "period=custom&first=0001-01-01&last=2026-01-01", "only.password=x",
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_answered_with_a_sentence(address: str, asked: str) -> None:
    status, _, body = ask(address, f"data?{asked}")
    assert status == 400
    assert json.loads(body)["problem"]


def test_a_warehouse_that_is_held_is_told_and_the_server_lives_on(shop_file: Path) -> None:
    held = True
    query = query_of(shop_file)

    def sometimes(sql: str, parameters: list[object]) -> object:
        if held:
            raise Conflict("another process holds the warehouse")
        return query(sql, parameters)

    with serve_preview(sometimes, company=COMPANY) as url:
        status, _, body = ask(url, "data?page=overview")
        assert (status, json.loads(body)["problem"]) == (503, "another process holds the warehouse")
        held = False
        assert ask(url, "data?page=overview")[0] == 200


def test_the_port_is_free_again_afterwards(shop_file: Path) -> None:
    with serve_preview(query_of(shop_file), company=COMPANY) as url:
        port = urlsplit(url).port or 0
        with pytest.raises(SettingsError, match="cannot be used"), serve_preview(query_of(shop_file), port=port):
            pass
    with serve_preview(query_of(shop_file), port=port) as again:
        assert ask(again)[0] == 200


def test_a_wrong_time_zone_is_told_at_once(shop_file: Path) -> None:
    with (
        pytest.raises(SettingsError, match="time zone"),
        serve_preview(query_of(shop_file), company={"time_zone": "Europe/Quimper"}),
    ):
        pass


def test_names_cannot_leave_their_place_in_the_page(shop_file: Path, tmp_path: Path) -> None:
    company = {**COMPANY, "name": "</script><script>alert(1)</script>{setup}{scripts}"}
    file = write_static(query_of(shop_file), tmp_path / "page.html", company=company)
    assert "<script>alert" not in file.read_text(encoding="utf-8")
    with serve_preview(query_of(shop_file), company=company) as url:
        assert b"<script>alert" not in ask(url)[2]


@pytest.fixture(scope="module")
def offline_file(shop_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("page") / "dossier été" / "rapport.html"
    return write_static(query_of(shop_file), place, company=COMPANY)


def test_the_offline_file_asks_for_nothing(offline_file: Path) -> None:
    page = offline_file.read_text(encoding="utf-8")
    tags = re.sub(r"(?s)<script>.*?</script>", "", page)
    assert re.findall(r"""(?:src|href|action|data)\s*=\s*["']?(?!data:|#)([^"'\s>]+)""", tags) == []
    assert "url(" not in tags
    assert "@import" not in tags
    assert "default-src 'none'" in page
    assert "connect-src 'none'" in page
    assert "vegaEmbed" in page
    assert offline_file.stat().st_size < 3_000_000


def test_the_offline_files_policy_names_each_script(offline_file: Path) -> None:
    """A script that was changed in the mail would not run."""
    page = offline_file.read_text(encoding="utf-8")
    scripts = re.findall(r"(?s)<script>(.*?)</script>", page)
    assert len(scripts) == 10
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in page


def test_the_offline_file_holds_sums_and_no_order(offline_file: Path) -> None:
    page = offline_file.read_text(encoding="utf-8")
    data = re.search(r'(?s)id="cubes">(.*?)</script>', page)
    assert data
    text = gzip.decompress(base64.b64decode(data[1])).decode()
    assert "net_base" in text
    assert "order_id" not in text
    assert re.search(r"\b\d{6}-\d\b", text) is None  # order numbers of the made-up shop look like 261124-3


def test_writing_the_offline_file_leaves_nothing_half_done(shop_file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match="cannot write"):
        write_static(query_of(shop_file), tmp_path / "taken" / "page.html", company=COMPANY)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
