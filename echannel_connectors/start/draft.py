"""A project while it is being made: echannel.yaml step by step, each saved at once, and where the questions stand.

What echannel.yaml cannot say (that there is no shop, that everything is to be read again) is in .echannel/start.json.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl

from echannel_connectors import specs
from echannel_connectors.errors import SettingsError
from echannel_connectors.project import FILE, edit
from echannel_connectors.settings import environment, resolve, written_in
from echannel_connectors.specs.places import parsed
from echannel_connectors.start.answers import ON_THIS_MACHINE
from echannel_connectors.start.writing import ENV, write_new, write_secrets

Asked = Literal["company", "shop", "erp", "web", "destination"]
ASKED: tuple[Asked, ...] = ("company", "shop", "erp", "web", "destination")
SOURCES: tuple[Asked, ...] = ("shop", "erp", "web")
USUAL_NAME = {"shop": "shop", "erp": "books", "web": "web"}
SECRET = {"shop": "key", "erp": "url"}  # the setting that is a secret, by the kind of source
REFERENCE = re.compile(r"\$\{(\w+)\}")
NOTES = Path(".echannel", "start.json")
Values = dict[str, Any]  # what YAML holds


@dataclass(frozen=True, slots=True)
class Draft:
    """The files in one folder, read anew each time: somebody may change them by hand meanwhile."""

    folder: Path

    # -- what is there ----------------------------------------------------------------------------------------------

    def raw(self) -> Values:
        """echannel.yaml as it is written, references to secrets unresolved; nothing where there is no file."""
        file = self.folder / FILE
        if not file.is_file():
            return {}
        _, data = parsed(file)
        return data if isinstance(data, dict) else {}

    def settings(self, name: str) -> Values:
        """A source's settings with its secrets filled in, as far as they are known; nothing for a new one."""
        written = dict((self.raw().get("sources") or {}).get(name) or {})
        names = environment(self.folder)
        found: Values = {}
        for word, value in written.items():
            try:
                found[word] = resolve(value, names)
            except SettingsError:  # a secret that was lost: it is asked for again
                continue
        return found

    def names(self, kind: Asked) -> list[str]:
        """The sources of a kind, in their order."""
        written = self.raw().get("sources") or {}
        return [name for name, one in written.items() if self._kind(str((one or {}).get("connector", ""))) == kind]

    def answered(self, step: Asked) -> bool:
        raw, notes = self.raw(), self.notes()
        if step in SOURCES:
            by_hand = notes is None and bool(raw.get("sources"))  # made by `echannel init` or an editor
            return by_hand or bool(self.names(step)) or step in (notes or {}).get("none", ())
        return bool(raw.get(step))

    def is_complete(self) -> bool:
        """Whether a sync can run: every question has its answer, and something is there to read."""
        return all(map(self.answered, ASKED)) and bool(self.raw().get("sources"))

    def destination(self) -> Values:
        """Where the tables go, in fields: kind, spreadsheet or project and dataset, location, credentials."""
        url = str(self.raw().get("destination") or "")
        place, _, query = url.partition("?")
        kind, _, rest = place.partition("://")
        words = dict(parse_qsl(query))
        if kind == "bigquery":
            project, _, dataset = rest.partition("/")
            return {"kind": kind, "project": project, "dataset": dataset, **words}
        return {"kind": kind, "spreadsheet": rest, **words} if kind == "sheets" else {"kind": kind}

    # -- what is answered -------------------------------------------------------------------------------------------

    def save_company(self, company: Mapping[str, str]) -> None:
        """Name, currency, time_zone and language; a change of what every figure depends on has all read again."""
        before = self.raw().get("company") or {}
        if not (self.folder / FILE).exists():
            # The hashes of e-mails that are stored already depend on the salt: an old one is kept.
            salt = written_in(self.folder / ENV).get("ECHANNEL_SALT") or secrets.token_hex(32)
            settings = {
                "version": 1, "company": {**company, "email_salt": "${ECHANNEL_SALT}"}, "sources": {},
            }  # fmt: skip
            write_new(self.folder, settings, {"ECHANNEL_SALT": salt}, company["language"])
            self.note(none=[])
            return
        edit(self.folder, lambda data: data.setdefault("company", {}).update(company))
        if any(before.get(word) not in (None, company[word]) for word in ("currency", "time_zone") if word in company):
            self.note(full=True)

    def save_source(self, kind: Asked, name: str, settings: Mapping[str, Any]) -> None:
        """Write a source; its secret goes into .env, and echannel.yaml refers to it there."""
        written, secret = dict(settings), SECRET.get(kind)
        if secret:
            variable = self._variable(kind, name)
            write_secrets(self.folder, {variable: str(settings[secret])})
            written[secret] = f"${{{variable}}}"

        def change(data: Any) -> None:  # ruamel's mapping
            found = data.setdefault("sources", {})
            if not found:
                found.fa.set_block_style()
            for word in set(found.get(name) or {}) - written.keys():
                del found[name][word]
            found.setdefault(name, {}).update(written)

        edit(self.folder, change)
        notes = self.notes() or {}
        self.note(none=[one for one in notes.get("none", []) if one != kind])

    def save_none(self, kind: Asked) -> None:
        """There is no source of this kind."""
        self.note(none=sorted({*(self.notes() or {}).get("none", []), kind}))

    def remove_source(self, name: str) -> None:
        """Take a source out, with its secret and the rules of `matches` that name it; what was read of it
        stays in the tables."""
        raw = (self.raw().get("sources") or {}).get(name) or {}
        used = [found for value in raw.values() for found in REFERENCE.findall(str(value))]

        def change(data: Any) -> None:  # ruamel's mapping
            data["sources"].pop(name, None)
            rules = data.get("matches") or {}
            for source, kinds in list(rules.items()):
                orders = (kinds or {}).get("order") or {}
                for column in [column for column, place in orders.items() if place.partition(".")[0] == name]:
                    del orders[column]
                if source == name or not orders:
                    del rules[source]
            if not rules:
                data.pop("matches", None)

        edit(self.folder, change)
        write_secrets(self.folder, dict.fromkeys(used))

    def save_rates(self) -> None:
        taken = self.raw().get("sources") or {}
        name = "rates" if "rates" not in taken else "ecb"
        edit(self.folder, lambda data: data["sources"].update({name: {"connector": "ecb"}}))

    def save_match(self, source: str, shop: str) -> None:
        """An order of the source that carries the reference of one of the shop's counts once, as the shop's."""
        rule = {"order": {"web_reference": f"{shop}.reference"}}
        edit(self.folder, lambda data: data.setdefault("matches", {}).update({source: rule}))

    def save_destination(self, url: str) -> None:
        edit(self.folder, lambda data: data.update(destination=url))

    def new_name(self, kind: Asked) -> str:
        """A name for one more source: shop, shop2, shop3."""
        usual, taken = USUAL_NAME[kind], set(self.raw().get("sources") or {})
        return next(name for n in range(1, len(taken) + 2) if (name := usual if n == 1 else f"{usual}{n}") not in taken)

    # -- what echannel.yaml cannot say --------------------------------------------------------------------------------

    def notes(self) -> Values | None:
        """None where the project was not made by the assistant."""
        file = self.folder / NOTES
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def note(self, **more: Any) -> None:  # what JSON holds
        file = self.folder / NOTES
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps({**(self.notes() or {}), **more}) + "\n", encoding="utf-8")
        part.replace(file)

    def _kind(self, connector: str) -> Asked | None:
        if connector in ("prestashop", "ga4"):
            return "shop" if connector == "prestashop" else "web"
        known = connector in specs.names(self.folder)
        return "erp" if known and not specs.find(connector, self.folder).runs_in_warehouse else None

    def _variable(self, kind: Asked, name: str) -> str:
        """The name of a source's secret in .env: the one that echannel.yaml has, or SHOP_KEY, SHOP2_KEY, ERP_URL."""
        written = str(((self.raw().get("sources") or {}).get(name) or {}).get(SECRET[kind], ""))
        if match := REFERENCE.fullmatch(written):
            return match[1]
        if name == USUAL_NAME["erp"]:
            return "ERP_URL"
        return f"{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_{SECRET[kind].upper()}"


def kept_words(before: Mapping[str, Any], kind: str, known: Sequence[str]) -> dict[str, str]:
    """The settings of a destination that no question asks for, such as `months`; none of another kind of place."""
    words = {name: str(value) for name, value in before.items() if name not in ("kind", *known)}
    return words if before.get("kind") == kind and kind != ON_THIS_MACHINE.partition(":")[0] else {}
