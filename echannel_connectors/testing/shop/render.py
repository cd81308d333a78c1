"""Records as the XML and JSON documents of a PrestaShop, byte for byte where it is regular."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from echannel_connectors.testing.shop.manners import AS_SEEN, Manners
from echannel_connectors.testing.shop.query import Display, Record
from echannel_connectors.testing.shop.schema import Association, Field, Resource, Row

XML_OPEN = '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n'
XML_CLOSE = "</prestashop>\n"
EMPTY_IN_PHP = ("0", 0, "", None, False)


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes records of one resource for one request."""

    resource: Resource
    base: str
    languages: Sequence[str]
    native: bool
    """The ids of languages are numbers in JSON (PHP 8.1 and newer, unless the request names the languages)."""
    manners: Manners = AS_SEEN

    def xml(self, records: Iterable[Record], display: Display, *, single: bool = False) -> str:
        """A list, or the one record asked for by its id."""
        if display.ids_only:
            inside = "".join(self._xml_id(number) for number, _ in records)
        else:
            inside = "".join(self._xml_record(number, row, display) for number, row in records)
        node = self.resource.list_node
        return XML_OPEN + (inside if single else f"<{node}>\n{inside}</{node}>\n") + XML_CLOSE

    def json(self, records: Iterable[Record], display: Display, *, single: bool = False) -> str:
        """The same in JSON; nothing found is an empty list without a name."""
        if display.ids_only:
            found: list[dict[str, object]] = [{"id": number} for number, _ in records]
        else:
            found = [self._json_record(number, row, display) for number, row in records]
        if not found:
            return "[]"
        if single and not display.ids_only:
            record = found[0]
            if self.manners.drops_empty_fields:
                record = {name: value for name, value in record.items() if value not in EMPTY_IN_PHP}
            return php_json({self.resource.node: record})
        return php_json({self.resource.list_node: found})

    def _xml_id(self, number: int) -> str:
        # The link takes the node's name, so that those of order_slip lead nowhere.
        return (
            f'<{self.resource.node} id="{number}" xlink:href="{self.base}/api/{self.resource.list_node}/{number}"/>\n'
        )

    def _xml_record(self, number: int, row: Row, display: Display) -> str:
        parts = [f"<{self.resource.node}>\n"]
        if display.chosen is None or "id" in display.chosen:
            parts.append(f"\t<id><![CDATA[{number}]]></id>\n")
        parts += [self._xml_field(one, row.get(one.name, "")) for one in self._fields(display)]
        associations = self._associations(display)
        if associations:
            parts.append("<associations>\n")
            parts += [self._xml_association(one, fields, row) for one, fields in associations]
            parts.append("</associations>\n")
        parts.append(f"</{self.resource.node}>\n")
        return "".join(parts)

    def _fields(self, display: Display) -> list[Field]:
        chosen = display.chosen
        return [one for one in self.resource.fields if chosen is None or one.name in chosen]

    def _associations(self, display: Display) -> list[tuple[Association, list[Field]]]:
        if display.chosen is None:
            return [(one, list(one.fields)) for one in self.resource.associations]
        wanted = display.associations or {}
        return [
            (one, [field for field in one.fields if field.name in wanted[one.name]])
            for one in self.resource.associations
            if one.name in wanted
        ]

    def _xml_field(self, one: Field, value: object) -> str:
        computed = ' notFilterable="true"' if one.computed else ""
        if one.language:
            inside = "".join(self._xml_language(language, value) for language in self.languages)
            return f"\t<{one.name}{computed}>{inside}</{one.name}>\n"
        text = "Array" if isinstance(value, dict) else value
        if text is None or text == "":
            return f"\t<{one.name}{computed}>{self.manners.empty_text}</{one.name}>\n"
        link = (
            f' xlink:href="{self.base}/api/{one.link}/{text}"' if one.link and (text != "0" or one.links_zero) else ""
        )
        return f"\t<{one.name}{link}{computed}><![CDATA[{text}]]></{one.name}>\n"

    def _xml_language(self, language: str, value: object) -> str:
        if not isinstance(value, dict):
            # A value that is not kept by language loses its text here: the currencies of 1.7 do.
            return f'<language id="{language}"></language>'
        link = f'xlink:href="{self.base}/api/languages/{language}"'
        return f'<language id="{language}" {link}><![CDATA[{value.get(language) or ""}]]></language>'

    def _xml_association(self, one: Association, fields: list[Field], row: Row) -> str:
        rows = row.get(one.name) or []
        if not isinstance(rows, list) or not rows:
            return f"<{one.name}{one.attributes}/>\n"
        parts = [f"<{one.name}{one.attributes}>\n"]
        for each in rows:
            link = f' xlink:href="{self.base}/api/{one.link}/{each.get("id")}"' if one.link else ""
            parts.append(f"\t<{one.node}{link}>\n")
            parts += [self._xml_association_field(field, each.get(field.name)) for field in fields]
            parts.append(f"\t</{one.node}>\n")
        parts.append(f"</{one.name}>\n")
        return "".join(parts)

    def _xml_association_field(self, one: Field, text: object) -> str:
        if text is None or text == "":
            return f"\t<{one.name}>{self.manners.empty_text}</{one.name}>\n"
        link = f' xlink:href="{self.base}/api/{one.link}/{text}"' if one.link else ""
        return f"\t<{one.name}{link}><![CDATA[{text}]]></{one.name}>\n"

    def _json_record(self, number: int, row: Row, display: Display) -> dict[str, object]:
        record: dict[str, object] = {}
        if display.chosen is None or "id" in display.chosen:
            record["id"] = number
        for one in self._fields(display):
            record[one.name] = self._json_value(one, row.get(one.name, ""))
        associations: dict[str, object] = {}
        for association, fields in self._associations(display):
            rows = row.get(association.name)
            if isinstance(rows, list) and rows:
                associations[association.name] = [
                    {field.name: field.json_value(each.get(field.name, "")) for field in fields} for each in rows
                ]
        if associations:
            record["associations"] = associations
        return record

    def _json_value(self, one: Field, value: object) -> object:
        if not isinstance(value, dict):
            return one.json_value(value if value is None else str(value))
        if one.language and len(self.languages) == 1:
            return one.json_value(value.get(self.languages[0]))
        return [
            {"id": int(language) if self.native else language, "value": one.json_value(value.get(language))}
            for language in self.languages
        ]


def error_document(errors: Sequence[tuple[int, str]], *, as_json: bool) -> str:
    """The document that tells what was wrong with a request."""
    if as_json:
        return php_json({"errors": [{"code": code, "message": message} for code, message in errors]})
    inside = "".join(
        f"<error>\n<code><![CDATA[{code}]]></code>\n<message><![CDATA[{message}]]></message>\n</error>\n"
        for code, message in errors
    )
    return f"{XML_OPEN}<errors>\n{inside}</errors>\n{XML_CLOSE}"


def php_json(value: object) -> str:
    """JSON as the shop's PHP writes it: slashes escaped, other letters and control characters as they are."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    return re.sub(r"\\u00([01][0-9a-f])", lambda match: chr(int(match[1], 16)), text)


def schema_document(resource: Resource, kind: str, base: str, *, as_json: bool) -> str:
    """The synopsis, or the empty record to fill in before a POST."""
    if not as_json:
        text = resource.synopsis.replace("{base}", base)
        return text if kind == "synopsis" else _blank(text, resource.node)
    fields: dict[str, object] = {"id": ""} if kind == "blank" else {}
    fields |= {one.name: "" for one in resource.fields}
    if resource.associations:
        fields["associations"] = {
            one.name: [dict.fromkeys(field.name for field in one.fields)] for one in resource.associations
        }
    return php_json({resource.node: fields})


def _blank(synopsis: str, node: str) -> str:
    head, prestashop, *body = synopsis.splitlines()
    lines = [head, prestashop]
    in_record = True
    for line in body:
        in_record = in_record and line != "<associations>"
        if not (in_record and 'read_only="true"' in line):
            lines.append(re.sub(r'<(\w+)( id="\d+")?(?: [^<>]*?)?(/?)>', r"<\1\2\3>", line))
        if line == f"<{node}>":
            lines.append("\t<id></id>")
    return "\n".join(lines) + "\n"


def root_document(
    shop_name: str,
    descriptions: Mapping[str, str],
    rights: Mapping[str, set[str]],
    base: str,
    told: Sequence[str] = AS_SEEN.rights,
) -> str:
    """What a key may read, as `/api` tells it; `told` are the rights that it speaks of."""
    parts = [f'<api shopName="{shop_name}">\n']
    for name, description in descriptions.items():
        if name not in rights:
            continue
        flags = " ".join(f'{method}="{"true" if method.upper() in rights[name] else "false"}"' for method in told)
        opening = f'xlink:href="{base}/api/{name}" {flags}>\n'
        parts.append(f"<{name} {opening}<description {opening}{description}</description>\n")
        if name not in ("images", "search"):
            parts += [
                f'<schema xlink:href="{base}/api/{name}?schema={kind}" type="{kind}"/>\n'
                for kind in ("blank", "synopsis")
            ]
        parts.append(f"</{name}>\n")
    return XML_OPEN + "".join(parts) + "</api>\n" + XML_CLOSE
