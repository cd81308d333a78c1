"""The docs' pages of the marts: each one's question, grain and columns, from its file and from marts.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from echannel_connectors.models.company import Company
from echannel_connectors.models.described import describe
from echannel_connectors.models.mart_sql import mart_columns, mart_texts

TOP = {
    "en": """# The tables that dashboards read

Made by `make schemas` from the marts' own files; the same words are comments in DuckDB. Amounts named `*_base` are in
the reporting currency, without tax unless said; shares and averages are divided last, by the reader. Headline net sales
are `net_base + refunds_base`. How each figure is computed: the SQL in `echannel_connectors/models/marts`.

A sync makes a table again only when something that it reads has changed, or the day where it counts from today. Large
companies' sales and orders are not made whole then: in DuckDB, the orders that changed, or that a changed one bears on
(the next ones of the same person, those of the same basket), go and come again. The result is the same to the last row.
[En français](tables.fr.md).
""",
    "fr": """# Les tables que lisent les tableaux de bord

Page écrite par `make schemas` d'après les fichiers des marts ; les mêmes mots sont en commentaire dans DuckDB. Les
montants nommés `*_base` sont dans la devise de référence, hors taxes sauf mention ; parts et moyennes se divisent en
dernier, chez le lecteur. Les ventes nettes sont `net_base + refunds_base`. Le calcul de chaque chiffre : le SQL de
`echannel_connectors/models/marts`.

Une synchronisation ne refait une table que si ce qu'elle lit a changé, ou le jour quand elle compte depuis aujourd'hui.
Chez les grandes entreprises, ventes et commandes ne sont pas refaites en entier : dans DuckDB, seules les commandes
modifiées, et celles qu'elles touchent (les suivantes de la même personne, celles du même panier), sont remplacées. Le
résultat est le même, à la dernière ligne. [In English](tables.md).
""",
}
HEADS = {"en": "| column | meaning |", "fr": "| colonne | sens |"}


def page(language: str, others: Mapping[str, Iterable[str]]) -> str:
    """Markdown with a part per mart, by the alphabet; `others` are the columns of those that no SQL makes."""
    return "\n".join(_lines(language, others))


def _lines(language: str, others: Mapping[str, Iterable[str]]) -> Iterator[str]:
    yield TOP[language]
    columns = {**mart_columns(Company()), **others}
    for name in sorted(columns):
        mart = name.removeprefix("mart.")
        one = describe(mart, list(columns[name]), language)
        yield f"## {name}\n\n{one.table}.\n"
        if language == "en" and name not in others:
            yield _header(mart_texts()[name]) + "\n"
        yield f"{HEADS[language]}\n|---|---|"
        yield from (f"| `{column}` | {meaning} |" for column, meaning in one.columns.items())
        yield ""


def _header(sql: str) -> str:
    """The comment at the top of a mart's file but its question, as plain words in Markdown."""
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("-- "))
    return "\n".join(lines[1:]).replace("*", "\\*").replace("<", "&lt;")
