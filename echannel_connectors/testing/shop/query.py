"""What a request asks for: filters, order, limit and fields, read and refused as a PrestaShop does."""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import eq, gt, itemgetter, lt, ne
from urllib.parse import parse_qsl

from echannel_connectors.testing.shop.schema import ID, Field, Kind, Resource, Row

WRONG_DISPLAY = "The 'display' syntax is wrong. You can set 'full' or '[field_1,field_2,field_3,...]'."
WRONG_SORT = (
    'The "sort" value has to be formatted as this example: "field_ASC" or '
    '"[field_1_DESC,field_2_ASC,field_3_ASC,...]" ("field" has to be an available field)'
)
DATES = ("date_add", "date_upd")
Record = tuple[int, Row]
Test = Callable[[str | None], bool]
Key = tuple[float, str]
"""What a value is compared by: a number and no text, or 0 and a text. A column has one kind, so the two never meet."""


class RefusedError(Exception):
    """The shop answers with an error document."""

    def __init__(self, status: int, *errors: tuple[int, str]) -> None:
        """Keep the status and the (code, message) pairs of the document."""
        super().__init__(status, *errors)
        self.status = status
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Display:
    """Which fields a list shows: none at all (ids only), all, or the chosen ones."""

    ids_only: bool = False
    chosen: frozenset[str] | None = None
    associations: Mapping[str, tuple[str, ...]] | None = None


def parameters(query: str) -> dict[str, str]:
    """The query as PHP reads it; the last of several equal names counts."""
    return dict(parse_qsl(query, keep_blank_values=True))


def select(
    resource: Resource,
    rows: Iterable[Record],
    asked: Mapping[str, str],
    languages: list[str],
    *,
    bare_as_text: bool = True,
) -> list[Record]:
    """The records that the filters let through, in the order and within the limit asked for.

    `bare_as_text`: without brackets the shop compares numbers as text, with LIKE.
    """
    dated = bool(asked.get("date")) or any(name.startswith("date[") for name in asked)
    known = [one for one in (ID, *resource.fields) if (dated or one.name not in DATES)]
    filters = list(_filters(asked, known, bare_as_text=bare_as_text))
    span = _ids(asked.get("filter[id]", ""))
    found = list(rows) if span is None else [record for record in rows if record[0] in span]
    for one, test in filters:
        if one is not ID or span is None:
            found = [record for record in found if _passes(record, one, test, languages)]
    if "sort" in asked:
        found = _sorted(found, asked["sort"], known)
    return found[_limit(asked["limit"])] if "limit" in asked else found


def display(resource: Resource, wanted: str | None) -> Display:
    """What `display=` asks for."""
    names = ", ".join(["id", *(one.name for one in resource.fields)])
    if wanted is None:
        return Display(ids_only=True)
    if wanted == "full":
        return Display()
    if not re.fullmatch(r"\[.*\]", wanted, re.DOTALL):
        raise RefusedError(400, (36, f"{WRONG_DISPLAY} These are available: {names}"))
    fields, associations = _chosen(wanted[1:-1])
    known = {one.name: {field.name for field in one.fields} for one in resource.associations}
    for name in [*fields, *associations]:
        inside = associations.get(name)
        good = resource.field(name) is not None if inside is None else set(inside) <= known.get(name, set())
        if not good or (inside is not None and name not in known):
            label = name if inside is None else f"{name} (details : {_php_array(inside)})"
            raise RefusedError(
                400, (35, f'Unable to display this field "{label}". However, these are available: {names}')
            )
    return Display(chosen=frozenset(fields), associations=associations)


def _chosen(inside: str) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """`id,name,order_rows[id,product_id]` as plain fields and fields of associations."""
    fields: list[str] = []
    associations: dict[str, tuple[str, ...]] = {}
    for name, rows in re.findall(r"([^,\[\]]+)(?:\[([^\]]*)\])?", inside):
        if rows:
            associations[name] = tuple(rows.split(","))
        else:
            fields.append(name)
    return fields, associations


def _php_array(values: tuple[str, ...]) -> str:
    return "array (\n" + "".join(f"  {number} => '{value}',\n" for number, value in enumerate(values)) + ")"


def _filters(asked: Mapping[str, str], known: list[Field], *, bare_as_text: bool) -> Iterable[tuple[Field, Test]]:
    fields = {one.name: one for one in known}
    for name, wanted in asked.items():
        match = re.fullmatch(r"filter\[(.+?)\]", name)
        if not match:
            continue
        one = fields.get(match[1])
        if one is None:
            names = [one.name for one in known if not one.language]
            raise RefusedError(400, (32, did_you_mean("This filter does not exist.", match[1], names)))
        if wanted == "":
            raise RefusedError(400, (33, f'The filter "{one.name}" is malformed.'))
        if one.computed:
            why = f'The field "{one.name}" is dynamic. It is not possible to filter GET query with this field.'
            raise RefusedError(400, (34, why))
        yield one, _test(wanted, one.kind, bare_as_text=bare_as_text)


def _ids(wanted: str) -> range | None:
    """The ids between two ends or beyond one: what readers ask most, so it is not compared as text is."""
    match = re.fullmatch(r"(>|<|)\[(\d+)(?:,(\d+))?\]", wanted)
    if not match or (match[1] and match[3]) or not (match[1] or match[3]):
        return None
    first = int(match[2])
    if match[1]:
        return range(first + 1, sys.maxsize) if match[1] == ">" else range(first)
    low, high = sorted((first, int(match[3])))
    return range(low, high + 1)


def _passes(record: Record, one: Field, test: Test, languages: list[str]) -> bool:
    value = str(record[0]) if one is ID else record[1].get(one.name)
    if isinstance(value, dict):
        return any(test(value.get(language)) for language in languages)
    return test(value if value is None else str(value))


def _test(wanted: str, kind: Kind, *, bare_as_text: bool) -> Test:
    """One filter as a test on the text of a column."""
    match = re.fullmatch(r"(.*?)\[(.*)\](.*)", wanted, re.DOTALL)
    if not match:
        is_like = bare_as_text and re.fullmatch(r"-?\d+(\.\d+)?", wanted)
        return _like(wanted) if is_like else _compare(kind, wanted, eq)
    before, value, after = match.groups()
    if before == "%" or after == "%":
        return _like(before + value + after)
    if before == ">":
        return _compare(kind, value, gt)
    if before == "<":
        return _compare(kind, value, lt)
    if before == "!":
        tests = [_compare(kind, one, ne) for one in value.split("|")]
        return lambda text: all(test(text) for test in tests)
    if value.find("|") > 0:
        wanted_keys = {comparable(kind, one) for one in value.split("|")}
        return lambda text: text is not None and comparable(kind, text) in wanted_keys
    if ends := re.fullmatch(r"([\d.:\-\s]+),([\d.:\-\s]+)", value):
        low, high = sorted(comparable(kind, end) for end in ends.groups())
        return lambda text: text is not None and low <= comparable(kind, text) <= high
    return _compare(kind, value, eq)


def _compare(kind: Kind, wanted: str, holds: Callable[[Key, Key], bool]) -> Test:
    key = comparable(kind, wanted)
    return lambda text: text is not None and holds(comparable(kind, text), key)


def _like(pattern: str) -> Test:
    parts = {"%": ".*", "_": "."}
    expression = re.compile("".join(parts.get(letter, re.escape(letter)) for letter in _folded(pattern)), re.DOTALL)
    return lambda text: text is not None and expression.fullmatch(_folded(text)) is not None


def comparable(kind: Kind, text: str) -> Key:
    """What MySQL compares: a number, a moment, or text without case, accents and spaces at the end."""
    if kind == "number":
        try:
            return float(text), ""
        except ValueError:
            leading = re.match(r"\s*-?\d+(\.\d+)?", text)
            return float(leading[0]) if leading else 0.0, ""
    if kind == "date":
        return 0.0, text + " 00:00:00" if len(text) == len("2026-01-01") else text
    return 0.0, _folded(text).rstrip(" ")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).lower()


def _sorted(found: list[Record], wanted: str, known: list[Field]) -> list[Record]:
    plain = {one.name: one for one in known if not one.language}
    texts = {one.name: one for one in known if one.language}
    keys = wanted[1:-1].split(",") if re.fullmatch(r"\[.*\]", wanted) else [wanted]
    steps: list[tuple[Field, bool]] = []
    for key in keys:
        name, _, direction = key.rpartition("_")
        if direction.upper() not in ("ASC", "DESC"):
            raise RefusedError(400, (37, WRONG_SORT))
        one = plain.get(name) or texts.get(name)
        if one is None:
            why = f"Unable to filter by this field. However, these are available: {', '.join(plain)}, for i18n fields:"
            raise RefusedError(400, (38, why + ", ".join(texts)))
        steps.append((one, direction.upper() == "DESC"))
    if any(one.computed for one, _ in steps):
        return []  # the database knows no such column, and the shop hides its error
    for one, descending in reversed(steps):
        if one is ID:
            found.sort(key=itemgetter(0), reverse=descending)
            continue
        found.sort(key=partial(_sort_key, one), reverse=descending)
    return found


def _sort_key(one: Field, record: Record) -> tuple[bool, Key]:
    value = record[1].get(one.name)
    text = next(iter(value.values()), None) if isinstance(value, dict) else value
    return (False, (0.0, "")) if text is None else (True, comparable(one.kind, str(text)))


def _limit(wanted: str) -> slice:
    parts = wanted.split(",")
    if len(parts) > 2:
        raise RefusedError(
            400, (39, 'The "limit" value has to be formatted as this example: "limit=5,10" or "limit=10"')
        )
    numbers = [int(digits[0]) if (digits := re.match(r"\s*-?\d+", part)) else 0 for part in parts]
    if min(numbers) < 0:
        return slice(0, 0)  # an SQL error inside the shop, which answers 200 and nothing
    offset, count = numbers if len(numbers) == 2 else (0, numbers[0])
    return slice(offset, offset + count)


def did_you_mean(label: str, value: str, names: list[str]) -> str:
    """The shop's own sentence with its idea of the nearest name, the last of equally near ones."""
    best = min(reversed(names), key=lambda name: _distance(value, name))
    full = '", "'.join(names)
    return f'{label} Did you mean: "{best}"? The full list is: "{full}"'


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, against in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != against))
    return row[-1]
