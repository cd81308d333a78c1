"""`spec check` without a database: every mistake of a file at once, each where it stands."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from echannel_connectors import specs
from echannel_connectors.errors import SpecError
from echannel_connectors.specs.lint import checked
from echannel_connectors.streams import Finding

RIGHT = """\
connector: acme
title: {en: Acme, fr: Acme}
dialect: mysql
parameters:
  company: {default: 1, help: {en: company, fr: société}}
views:
  documents: |
    SELECT d.id, d.net, d.changed, d.state FROM document AS d WHERE d.company = :company
tables:
  orders:
    from: documents AS d
    cursor: d.changed
    columns:
      order_id: d.id
      total_net: {sql: d.net, scale: 2}
      channel: CASE WHEN d.state = 7 THEN 'shop' ELSE 'other' END
      ordered_at: {sql: d.changed, zone: Europe/Paris}
    maps:
      status:
        sql: d.state
        values: {0: draft, 1: confirmed}
        otherwise: null
    extra:
      origin: d.state
      weight: {sql: d.net * 3, type: quantity, scale: 4}
      packed_at: {sql: d.changed, type: moment, zone: Europe/Rome}
"""


def found(tmp_path: Path, text: str) -> list[Finding]:
    file = tmp_path / "acme.yaml"
    file.write_text(text, encoding="utf-8")
    return list(checked(file).findings)


def test_a_right_spec_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, RIGHT) == []


def test_a_name_of_a_select_inside_hides_the_one_around_it(tmp_path: Path) -> None:
    """In it a column of the table outside is a mistake."""
    inside = "(SELECT max(d.{}) FROM message AS d WHERE d.{} = 1)"
    assert found(tmp_path, RIGHT.replace("origin: d.state", f"origin: {inside.format('body', 'unread')}")) == []
    told = found(
        tmp_path, RIGHT.replace("origin: d.state", "origin: (SELECT d.body FROM (SELECT body FROM m) AS d LIMIT d.net)")
    )
    assert ["'d' has no column 'net'" in finding.sentence for finding in told] == [True]


@pytest.mark.parametrize("name", [name for name in specs.names() if not specs.find(name).runs_in_warehouse])
def test_our_own_specs_have_no_findings(name: str) -> None:
    assert checked(specs.shipped("connector_specs") / f"{name}.yaml").findings == ()


def test_the_spec_of_an_api_source_is_checked_as_well() -> None:
    """PrestaShop's: one view is for whoever compares with the back office, and no table reads it."""
    (only,) = checked(specs.shipped("connector_specs") / "prestashop.yaml").findings
    assert (only.level, only.sentence) == ("warning", "no table uses the view 'backoffice_monthly'")


# What is changed in the right spec; what is then said, at which character of what was put in, and what is offered.
MISTAKES = [
    ("connector: acme", "connector: acne", "warning", "the connector 'acne' is looked for in acne.yaml", "acne", ""),
    ("from: documents", "form: documents", "error", "unknown key 'tables.orders.form'", "form", ""),
    ("net, scale: 2", "net, scale: two", "error", "tables.orders.columns.total_net.scale", "scale", ""),
    ("  orders:\n", "  oders:\n", "error", "'oders' is not a core table: did you mean 'orders'?", "oders", ""),
    ("total_net:", "total_ne:", "error", "core.orders has no column 'total_ne': did you mean", "total_ne", ""),
    ("d.net, scale", "d.nett, scale", "error", "orders.total_net: 'd' has no column 'nett'", "nett", "did you mean 'net'?"),
    ("d.net, scale", "x.net, scale", "error", "orders.total_net: no table is called 'x' here", "x.net", ""),
    ("= :company", "= :compny", "error", "views.documents uses :compny", ":compny", "did you mean 'company'?"),
    ("cursor: d.changed", "cursor: d.changed +", "error", "orders.cursor is not valid SQL", "", ""),
    ("sql: d.state\n", "sql: d.state)\n", "error", "acme.orders.status is not valid SQL", "", ""),
    ("THEN 'shop'", "THEN 'shpo'", "error", "orders.channel has no word 'shpo'", "'shpo'", "did you mean 'shop'?"),
    ("1: confirmed", "1: confirmd", "error", "orders.status has no word 'confirmd'", "confirmd", "did you mean 'confirmed'?"),
    ("1: confirmed", "1: true", "error", "orders.status is text, and True is a truth value", "true", "put it between quotes"),
    ("net, scale: 2", "net", "error", "orders.total_net is not known to be exact", "d.net", "total_net: {sql: …, scale: 6}"),
    ("d.net, scale: 2", "1e3 * d.id", "error", "total_net is a floating-point number", "1e3", ""),
    ("zone: Europe/Paris", "zone: Europe/Pari", "error", "'Europe/Pari' is no time zone", "Europe/Pari", "did you mean"),
    ("zone: Europe/Paris", 'zone: ":zon"', "error", "ordered_at uses :zon, which is no parameter", ":zon", ""),
    ("order_id: d.id", "order_id: {sql: d.id, scale: 2}", "error", "order_id is no number with decimals", "scale", ""),
    ("order_id: d.id", "order_id: {sql: d.id, zone: UTC}", "error", "order_id is no moment", "UTC", ""),
    ("      order_id: d.id\n", "", "error", "acme.orders has no key: the column 'order_id' is missing", "orders:", ""),
    ("dialect: mysql", "dialect: mysq", "error", "'mysq' is not a dialect", "mysq", "did you mean 'mysql'?"),
    ("cursor: d.changed\n", "cursor: d.changed\n    look_back: a while\n", "error", "is not a time span", "a while", ""),
    ("cursor: d.changed\n", "cursor: d.changed\n    cursor: d.id\n", "error", "the key 'cursor' stands here twice", "cursor: d.id", ""),
    ("from: documents AS d", "from: documents AS d; DROP TABLE x", "error", "orders.from must be one piece of SQL", "", ""),
    ("        otherwise: null\n", "", "warning", "orders.status: a code that is not listed becomes NULL", "status:", "otherwise"),
    ("    cursor: d.changed\n", "    reread: d.id = 1\n", "warning", "has no cursor: its 'reread' says nothing", "reread", ""),
    ("FROM document AS d WHERE d.company = :company", "FROM document AS d", "warning", "nothing uses the parameter", "", ""),
    ("origin: d.state", "origin: d.*", "error", "acme.orders.origin must be a single SQL expression", "d.*", ""),
    ("net, scale: 2}", "round(d.net, 2)}", "error", "'tables.orders.columns.total_net.2)' is no key: put a text that holds a comma", "2)", ""),
    ("origin: d.state", "total_tax: d.state", "error", "core.orders has a column 'total_tax' of its own", "total_tax", ""),
    ("origin: d.state", "source: d.state", "error", "core.orders has a column 'source' of its own", "source", ""),
    ("origin: d.state", "email: d.state", "error", "core.orders has a column 'email' of its own", "email", ""),
    ("origin: d.state", "Origin: d.state", "error", "'Origin' is no name for a column", "Origin", ""),
    ("origin: d.state", "_origin: d.state", "error", "'_origin' is no name for a column", "_origin", ""),
    ("origin: d.state", "origin: d.stat", "error", "acme.orders.origin: 'd' has no column 'stat'", "stat", "did you mean 'state'?"),
    ("origin: d.state", "origin: d.state; DROP TABLE x", "error", "acme.orders.origin is not valid SQL", "", ""),
    ("origin: d.state", "origin: (DELETE FROM x)", "error", "acme.orders.origin", "", ""),
    ("origin: d.state", "origin: {sql: d.state, type: number}", "error", "tables.orders.extra.origin.type", "", ""),
    ("origin: d.state", "origin: {sql: d.state, kind: text}", "error", "unknown key 'tables.orders.extra.origin.kind'", "", ""),
    ("origin: d.state", "origin: {sql: d.state, scale: 2}", "error", "orders.origin is no number with decimals", "scale", ""),
    ("type: quantity, scale: 4", "type: quantity", "error", "orders.weight is not known to be exact", "d.net", "scale: 6"),
    ("type: moment, zone: Europe/Rome", "zone: Europe/Rome", "error", "orders.packed_at is no moment", "Europe/Rome", ""),
    ("Europe/Rome", "Europe/Rom", "error", "'Europe/Rom' is no time zone", "Europe/Rom", "did you mean"),
    ("fr: société", "de: Firma", "warning", "parameters.company.help is not said in fr", "", ""),
    ("from: documents AS d", "from: (SELECT * FROM x) AS d", "warning", "no table uses the view 'documents'", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "level", "sentence", "at", "hint"), MISTAKES, ids=[one[3] for one in MISTAKES])
def test_a_mistake(tmp_path: Path, old: str, new: str, level: str, sentence: str, at: str, hint: str) -> None:
    """Level, sentence, hint, and the line and column of what is wrong."""
    assert RIGHT.count(old) == 1
    text = RIGHT.replace(old, new)
    told = [finding for finding in found(tmp_path, text) if sentence in finding.sentence]
    assert len(told) == 1, found(tmp_path, text)
    assert told[0].level == level
    assert hint in told[0].hint
    _, line, column = told[0].place.rsplit(":", 2)
    assert text.split("\n")[int(line) - 1][int(column) - 1 :].startswith(at), told[0].place


def test_all_mistakes_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Structure, names, SQL and words are told together; what follows from another mistake is not told."""
    text = RIGHT
    for old, new in (
        ("fr: société}", "fr: société, xx: 1"),  # makes the YAML itself unreadable below
    ):
        text = text.replace(old, new)
    assert [finding.sentence.split(":")[0] for finding in found(tmp_path, text)] == ["acme.yaml is not valid YAML"]
    text = RIGHT
    for old, new in (
        ("title:", "titel:"),
        ("FROM document AS d", "FROM document AS d WHERE WHERE"),
        ("from: documents AS d", "from: documents AS d JOIN y ON y.a = :b"),
        ("cursor: d.changed", "cursr: d.changed"),
        ("total_net: {", "total: {"),
        ("THEN 'shop'", "THEN 'shpo'"),
        ("1: confirmed", "1: confirmd"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    told = [finding for finding in found(tmp_path, text) if finding.level == "error"]
    assert len(told) == 7, told
    lines = [int(finding.place.rsplit(":", 2)[1]) for finding in told]
    assert lines == sorted(lines)


def test_a_table_that_is_wrong_does_not_hide_the_others(tmp_path: Path) -> None:
    text = (
        RIGHT + "  warehouses: {columns: {warehouse_id: w.id}}\n  suppliers: {from: s, columns: {supplier_id: s.i +}}\n"
    )
    sentences = [finding.sentence for finding in found(tmp_path, text)]
    assert any("give either 'from' with 'columns'" in sentence for sentence in sentences)
    assert any("acme.suppliers.supplier_id is not valid SQL" in sentence for sentence in sentences)
    assert len(sentences) == 2


def test_a_view_may_only_use_earlier_ones(tmp_path: Path) -> None:
    """A later one would be looked for among the ERP's tables."""
    text = RIGHT.replace("FROM document AS d", "FROM later AS d").replace(
        "tables:\n  orders", "  later: SELECT d.* FROM document AS d\ntables:\n  orders"
    )
    (only,) = found(tmp_path, text)
    assert "views.documents may only use views that stand before it, not 'later'" in only.sentence


@pytest.mark.parametrize(
    "sql", ["0", "-1.50", "CAST(d.net AS DECIMAL(12, 2))", "count(*)", "coalesce(NULL, CAST(d.x AS SIGNED) * 2)",
            "CASE WHEN d.x = 1 THEN 1 ELSE 0.5 END", "(SELECT count(*) FROM line)"],
)  # fmt: skip
def test_sql_that_is_exact_by_itself_needs_no_scale(tmp_path: Path, sql: str) -> None:
    text = RIGHT.replace("{sql: d.net, scale: 2}", f'"{sql}"').replace("SELECT d.id, d.net", "SELECT d.x, d.id, d.net")
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    "sql", ["d.net", "d.net * 2", "1 / 3", "coalesce(d.net, 0)", "(SELECT sum(x.y) FROM x)", "'1.5'"]
)
def test_sql_that_may_be_a_float_needs_one(tmp_path: Path, sql: str) -> None:
    (only,) = found(tmp_path, RIGHT.replace("{sql: d.net, scale: 2}", f'"{sql}"'))
    assert "is not known to be exact" in only.sentence


@pytest.mark.parametrize(
    ("dialect", "sql", "is_told"),
    [
        ("postgres", "d.cents / 100", True),
        ("tsql", "(d.cents - d.paid) / 100", True),
        ("postgres", "d.cents / 100.0", False),
        ("postgres", "d.cents * 0.01", False),
        ("sqlite", "CAST(d.cents AS DECIMAL(9, 2)) / 100", False),
        ("mysql", "d.cents / 100", False),
    ],
)
def test_a_division_of_whole_numbers(tmp_path: Path, dialect: str, sql: str, is_told: bool) -> None:
    """1234 cents / 100 are 12 in PostgreSQL, SQL Server and SQLite, and 12.34 in MariaDB."""
    text = RIGHT.replace("dialect: mysql", f"dialect: {dialect}").replace(
        "{sql: d.net, scale", f'{{sql: "{sql}", scale'
    )
    told = [one for one in found(tmp_path, text) if "drops the decimals" in one.sentence]
    assert [(one.level, one.hint) for one in told] == [("warning", "divide by 100.0, or multiply")] * is_told


def test_a_query_casts_its_money(tmp_path: Path) -> None:
    """A whole SELECT has nowhere to declare a scale; each part of a UNION counts."""
    query = "SELECT d.id AS order_id, CAST(d.net AS DECIMAL(9, 2)) AS total_net FROM d UNION ALL SELECT 1, e.net FROM e"
    text = f"connector: acme\ntitle: {{en: a, fr: a}}\ntables:\n  orders:\n    query: |\n      {query}\n"
    (only,) = found(tmp_path, text)
    assert only.sentence == "acme.orders.total_net is not known to be exact"
    assert found(tmp_path, text.replace("e.net", "CAST(e.net AS DECIMAL(9, 2))")) == []


def test_a_key_is_short_for_its_columns(tmp_path: Path) -> None:
    text = RIGHT.replace("      order_id: d.id\n", "").replace("    cursor:", "    key: d.id\n    cursor:")
    assert found(tmp_path, text) == []
    (only,) = found(tmp_path, text.replace("key: d.id", "key: [d.id, d.net]"))
    assert only.sentence == "acme.orders.key gives 2 of 1 columns"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"", "keys with their values"),
        (b"- 1", "keys with their values"),
        (b"a: [", "is not valid YAML"),
    ],
)
def test_what_is_no_spec_at_all(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(content)
    (only,) = checked(file).findings
    assert sentence in only.sentence
    assert only.place.startswith(str(file))


def test_loading_tells_the_first_mistake_with_its_column(tmp_path: Path) -> None:
    """`check` and `sync` stop at the first one, at the same place."""
    file = tmp_path / "acme.yaml"
    file.write_text(RIGHT.replace("total_net:", "total:"), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        specs.load(file)
    assert caught.value.place == f"{file}:15:7"
    assert caught.value.sentence == "core.orders has no column 'total': did you mean 'total_tax'?"


@pytest.mark.parametrize("seed", range(40))
def test_nothing_that_is_written_breaks_the_check(tmp_path: Path, seed: int) -> None:
    """Characters lost, doubled and swapped, lines moved: it finds something or nothing, and tells where."""
    rng = random.Random(seed)
    text = RIGHT if seed % 2 else (specs.shipped("connector_specs") / "dolibarr.yaml").read_text(encoding="utf-8")
    for _ in range(rng.randint(1, 6)):
        text = damaged(text, rng)
    for finding in found(tmp_path, text):
        _, line, column = finding.place.rsplit(":", 2)
        assert 1 <= int(line) <= text.count("\n") + 2, finding
        assert int(column) >= 1


def damaged(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return rng.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + rng.choice("\"'{}[]|>:,()*&%#;\n é\t") + text[at:],
            text[:at] + text[at : at + 30] + text[at:],
            text[:at] + text[at + rng.randint(1, 40) :],
        ]
    )
