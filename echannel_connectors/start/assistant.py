"""The assistant without its page: what each answer does, and all that the page is to show, as JSON.

Nothing that is secret is ever in what it tells: of a key or a password only whether there is one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echannel_connectors import specs
from echannel_connectors.errors import EChannelError, Refused, SettingsError
from echannel_connectors.google_login import SCOPES, account, known_client, log_in, own_login
from echannel_connectors.looker.preview.of_project import shown
from echannel_connectors.models.company import Company
from echannel_connectors.pipeline import Choice
from echannel_connectors.project import Project, load
from echannel_connectors.start import answers, home, schedule
from echannel_connectors.start.connecting import destination_findings, is_well, source_findings
from echannel_connectors.start.draft import ASKED, SOURCES, Asked, Draft, Values, kept_words
from echannel_connectors.start.syncing import Syncing
from echannel_connectors.start.writing import write_key_file
from echannel_connectors.streams import Finding
from echannel_connectors.texts import in_language, say

Json = dict[str, Any]
Said = Mapping[str, Any]  # the JSON of a request
LOGIN_SECONDS = 300  # how long somebody may take to allow something in the browser


@dataclass
class Assistant:
    """One project and whoever makes it. `google` is a stand-in of Google's services on this machine, for tests."""

    folder: Path
    language: str = "en"
    google: str = ""
    syncing: Syncing = field(default_factory=Syncing)
    _findings: dict[str, list[Finding]] = field(default_factory=dict)
    _ran_before: bool = False
    _at: str | None = None  # when it is read every day; None before the system was asked
    _previews: dict[str, str] = field(default_factory=dict)
    _held: ExitStack = field(default_factory=ExitStack)
    # One answer at a time: each reads the files, changes them and writes them.
    _turn: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.draft = Draft(self.folder)
        try:
            company = self.draft.raw().get("company") or {}
        except SettingsError:
            company = {}
        self.language = str(company.get("language") or self.language)

    def close(self) -> None:
        """End what was opened; a sync stops as it does at Ctrl+C."""
        self.syncing.stop()
        self.syncing.wait(10)
        self._held.close()

    # -- what the page shows ----------------------------------------------------------------------------------------

    def state(self) -> Json:
        """Where it stands and what was answered."""
        with self._turn:
            draft, raw = self.draft, self.draft.raw()
            company = dict(raw.get("company") or {})
            return {
                "language": self.language,
                "folder": str(self.folder.resolve()),
                "step": self._step(),
                "answered": {step: draft.answered(step) for step in ASKED},
                "is_complete": draft.is_complete(),
                "has_run": self._has_run(),
                "company": {
                    "name": company.get("name", self.folder.resolve().name),
                    "currency": company.get("currency", ""),
                    "time_zone": company.get("time_zone", ""),
                },
                "scheduled": self._scheduled(),
                "usual_zone": answers.usual_zone(self.language),
                "shops": [self._shop(name) for name in draft.names("shop")],
                "erps": [self._erp(name) for name in draft.names("erp")],
                "webs": [self._web(name) for name in draft.names("web")],
                "destination": draft.destination(),
                "is_logged_in": own_login().is_file(),
                "findings": {step: self._told(found) for step, found in self._findings.items()},
                "sync": self.progress(),
            }

    def _step(self) -> str:
        """The first question that has no answer; then the first sync, then the figures."""
        open_steps = [step for step in ASKED if not self.draft.answered(step)]
        if open_steps:
            return open_steps[0]
        if not self.draft.is_complete():
            return "shop"
        return "figures" if self._has_run() and not self.syncing.is_running else "sync"

    def _has_run(self) -> bool:
        if self._ran_before or (self.draft.notes() or {}).get("ran"):
            return True
        if not self.draft.is_complete() or self.syncing.is_running:
            return False
        try:
            ran = home.has_run(self.project())
        except EChannelError:
            return False
        self._ran_before = ran
        return ran

    def project(self) -> Project:
        return load(self.folder)

    def home(self) -> Json:
        return home.home(self.project(), self.language)

    def _shop(self, name: str) -> Json:
        found = self.draft.settings(name)
        return {"name": name, "url": found.get("url", ""), "has_key": bool(found.get("key"))}

    def _erp(self, name: str) -> Json:
        found = self.draft.settings(name)
        parts = answers.database_parts(str(found.get("url", "")))
        own = {"connector": found.get("connector", ""), "parameters": found.get("parameters") or {}}
        return {"name": name, "has_url": bool(found.get("url")), **own, **parts}

    def _web(self, name: str) -> Json:
        found = self.draft.settings(name)
        return {"name": name, "property": str(found.get("property", "")), "credentials": found.get("credentials", "")}

    def _told(self, found: list[Finding]) -> list[Json]:
        return [
            {"level": one.level, "sentence": in_language(one.sentence, self.language),
             "hint": in_language(one.hint, self.language)} for one in found
        ]  # fmt: skip

    def progress(self) -> Json:
        """How far the sync is: what is asked for again and again while one runs."""
        with self.syncing.lock:
            progress = self.syncing.progress
            return {
                "state": progress.state,
                "phase": progress.phase,
                "sources": {name: [one.rows, one.begun, one.ended] for name, one in progress.sources.items()},
                "tables": progress.tables,
                "published": progress.published,
                "notes": [in_language(one, self.language) for one in progress.notes],
                "because": home.outcome(progress.problem, self.language) if progress.problem else None,
                "rows": progress.result.total("rows") if progress.result else None,
                "seconds": round(progress.seconds, 1),
            }

    def known(self) -> Json:
        """What never changes while it runs: the connectors, what a shop's key has to read, the databases."""
        erps = [specs.find(name, self.folder) for name in answers.known_erps(self.folder)]
        reads = specs.find("prestashop", self.folder).reads
        return {
            "erps": {
                one.connector: {
                    "title": one.title,
                    "kind": answers.OF_DIALECT.get(one.dialect, ""),
                    "parameters": {
                        word: {"default": parameter.default, "help": parameter.help}
                        for word, parameter in one.parameters.items()
                    },
                }
                for one in erps
            },
            "databases": answers.DATABASES,
            "reads": {
                "needed": sorted(name for name, one in reads.items() if not one.optional),
                "optional": sorted(name for name, one in reads.items() if one.optional),
            },
        }

    # -- what the answers do ----------------------------------------------------------------------------------------

    def act(self, what: str, said: Said) -> Json:
        """Do what the page asks for; what it answers besides the state. Raises EChannelError."""
        if what not in ACTIONS:
            raise SettingsError(say("there is no step {name!r}", name=what))
        _refuse_references(said)
        if what in ("stop", "language", "login"):  # these wait for nobody, and nobody for them
            return ACTIONS[what](self, said)
        with self._turn:
            return ACTIONS[what](self, said)

    def speak(self, said: Said) -> Json:
        self.language = "fr" if said.get("language") == "fr" else "en"
        if self.draft.raw().get("company"):
            self.draft.save_company({"language": self.language})
        return {}

    def save_company(self, said: Said) -> Json:
        name = _text(said, "name")
        if not name:
            raise SettingsError(
                say("the company has no name yet"), hint=say("any name will do: it stands on the pages")
            )
        company = {
            "name": name,
            "currency": answers.currency(_text(said, "currency")),
            "time_zone": answers.time_zone(_text(said, "time_zone")),
            "language": self.language,
        }
        self.draft.save_company(company)
        return {}

    def save_shop(self, said: Said) -> Json:
        url = answers.shop_address(_text(said, "url"))
        if not url:
            raise SettingsError(say("the shop's address is missing"), hint=say("write it as in your browser"))
        name = self._name("shop", said, lambda known: known.get("url") == url)
        before = self.draft.settings(name)
        same_shop = before.get("url") == url  # a key is for one shop: it is not sent to another one
        key = _text(said, "key") or (str(before.get("key", "")) if same_shop else "")
        settings = {**before, "connector": "prestashop", "url": url, "key": answers.webservice_key(key)}
        return self._tried("shop", name, settings, said)

    def save_erp(self, said: Said) -> Json:
        connector = answers.erp(_text(said, "connector"), self.folder)
        if not connector:
            raise SettingsError(
                say("which ERP it is was not chosen"), hint=say("choose one, or say that there is none")
            )
        parts = {word: str(value) for word, value in said.items() if isinstance(value, str)}
        company = self._company()
        usual = answers.usual_parameters(connector, self.folder, company.currency, company.time_zone)
        given = {word: str(value) for word, value in dict(said.get("parameters") or {}).items() if word in usual}
        parameters = {word: _like(given[word], usual[word]) if given.get(word) else usual[word] for word in usual}
        parameters = {word: value for word, value in parameters.items() if value is not None}
        place = answers.database_parts(answers.database_url(parts))

        def is_same(known: Values) -> bool:  # one database may hold several companies, told apart by a parameter
            there = answers.database_parts(str(known.get("url", "")))
            return (known.get("connector"), there, known.get("parameters")) == (connector, place, parameters)

        name = self._name("erp", said, is_same)
        before = self.draft.settings(name)
        url = answers.erp_url(answers.database_url(parts, str(before.get("url", ""))), connector, self.folder)
        kept = before if before.get("connector") == connector else {}
        return self._tried("erp", name, {**kept, "connector": connector, "url": url, "parameters": parameters}, said)

    def save_web(self, said: Said) -> Json:
        number = answers.property_number(_text(said, "property"))
        if not number:
            raise SettingsError(
                say("the property's number is missing"),
                hint=say("it is in Google Analytics under Admin > Property details"),
            )
        name = self._name("web", said, lambda known: str(known.get("property")) == number)
        settings = {**self.draft.settings(name), "connector": "ga4", "property": int(number)}
        settings.pop("credentials", None)
        if file := answers.key_file(_text(said, "credentials"), self.folder):
            settings["credentials"] = file
        if self.google:
            settings["endpoint"] = self.google
        return self._tried("web", name, settings, said)

    def save_destination(self, said: Said) -> Json:
        kind = _text(said, "kind")
        before = self.draft.destination()
        file = answers.key_file(_text(said, "credentials"), self.folder) if kind != "duckdb" else ""
        words = {"credentials": file, "endpoint": self.google}
        if kind == "sheets":
            known = ("spreadsheet", *words)
            place = answers.google_place(_text(said, "spreadsheet") or "?")
        elif kind == "bigquery":
            known = ("project", "dataset", "location", *words)
            words["location"] = _text(said, "location") or "EU"
            place = answers.google_place(f"bigquery://{_text(said, 'project')}/{_text(said, 'dataset')}")
        else:
            known, place, words = (), answers.ON_THIS_MACHINE, {}
        if kind == before.get("kind") == "duckdb":
            return {}  # its file may have another name, which was written by hand
        url = answers.with_words(place, {**kept_words(before, kind, known), **words})
        self._findings["destination"] = destination_findings(url, self.folder, self._company())
        return self._kept("destination", said, lambda: self.draft.save_destination(url))

    def save_none(self, said: Said) -> Json:
        kind = _kind(said)
        if kind == "erp" and not self.draft.names("shop"):
            raise SettingsError(
                say("Without a shop and without an ERP there is nothing to read."), hint=say("give one of the two")
            )
        self.draft.save_none(kind)
        self._findings.pop(kind, None)
        return {}

    def remove(self, said: Said) -> Json:
        name, kind = _text(said, "name"), _kind(said)
        if name in self.draft.names(kind):
            self.draft.remove_source(name)
        self._findings.pop(kind, None)
        return {}

    def keep_key_file(self, said: Said) -> Json:
        """The key of a service account, chosen on the page: it is kept beside echannel.yaml."""
        text = _text(said, "text")
        try:
            found = json.loads(text)
            email = found["client_email"]
            found["private_key"]
        except (ValueError, KeyError, TypeError):
            raise SettingsError(
                say("{path} is not the key file of a service account", path=_text(said, "name") or "?"),
                hint=say("in the Google Cloud console under IAM > Service accounts > Keys, make a key as JSON"),
            ) from None
        return {"file": write_key_file(self.folder, text), "email": str(email)}

    def who(self, said: Said) -> Json:
        """With which e-mail a spreadsheet is to be shared."""
        file = answers.key_file(_text(said, "credentials"), self.folder)
        scope = SCOPES.get(_text(said, "for"), SCOPES["sheets"])
        return {"email": account(str(self.folder / file) if file else "", scope)}

    def log_in(self, said: Said) -> Json:
        """Log in to Google as oneself, in another page of the browser: for what is asked about, and nothing else."""
        name = _text(said, "for")
        if name not in SCOPES:
            raise SettingsError(say("there is no step {name!r}", name=name))
        try:
            client = json.loads(_text(said, "text")) if _text(said, "text") else known_client(own_login())
        except ValueError:
            client = {}
        if client is None:
            raise SettingsError(
                say("a first login needs the file of an OAuth client"),
                hint=say("choose the file of an OAuth client (desktop app)"),
            )
        done = in_language(say("That is all: you can close this page."), self.language)
        allowed = log_in(client, [name], own_login(), browser=True, prompt="", done=done, seconds=LOGIN_SECONDS)
        if name not in allowed:
            raise Refused(say("not allowed: {scope}", scope=SCOPES[name]))
        return {}

    def sync(self, _: Said) -> Json:
        notes = self.draft.notes() or {}
        choice = Choice(full=bool(notes.get("full")))
        self.syncing.start(self.project(), choice, lambda: self._ran(choice))
        return {}

    def _ran(self, choice: Choice) -> None:
        self._ran_before = True
        if (notes := self.draft.notes()) is not None:
            self.draft.note(ran=True, full=bool(notes.get("full")) and not choice.full)

    def add_rates(self, _: Said) -> Json:
        """The European Central Bank's rates, for sales in other currencies than the company's."""
        if not any(str(one.get("connector")) == "ecb" for one in (self.draft.raw().get("sources") or {}).values()):
            self.draft.save_rates()
        return {}

    def count_once(self, said: Said) -> Json:
        """Orders that are in the shop and in another source count once."""
        source, shop = _text(said, "source"), _text(said, "shop")
        if source not in self.draft.names("erp") or shop not in self.draft.names("shop"):
            raise SettingsError(say("there is no source {name!r}", name=source))
        self.draft.save_match(source, shop)
        return {}

    def stop(self, _: Said) -> Json:
        self.syncing.stop()
        return {}

    # -- what it opens ------------------------------------------------------------------------------------------------

    def preview(self, template: str) -> str:
        """The address of a template's page with the company's figures."""
        with self._turn:
            key = f"{template} {self.language}"
            if key not in self._previews:
                self._previews[key] = self._held.enter_context(shown(self.project(), template).serve())
            return self._previews[key]

    # -- the schedule -------------------------------------------------------------------------------------------------

    def schedule(self, said: Said) -> Json:
        """What would be installed for a time of the day, and what is."""
        found = schedule.system()
        job = schedule.Job.of(self.folder)
        installed = found.installed(job)
        self._at = f"{installed:%H:%M}" if installed else ""
        at = schedule.time_of(_text(said, "at")) if _text(said, "at") else installed or schedule.USUAL
        job = schedule.Job.of(self.folder, at)
        return {
            "system": in_language(schedule.TITLES[found.name], self.language),
            "while": in_language(schedule.WHILE[found.name], self.language),
            "at": f"{at:%H:%M}",
            "installed": f"{installed:%H:%M}" if installed else "",
            "parts": [{"place": part.place, "text": part.text} for part in found.parts(job)],
        }

    def install(self, said: Said) -> Json:
        schedule.system().install(schedule.Job.of(self.folder, schedule.time_of(_text(said, "at"))))
        return self.schedule(said)

    def uninstall(self, said: Said) -> Json:
        schedule.system().remove(schedule.Job.of(self.folder))
        return self.schedule(said)

    def _scheduled(self) -> str:
        """When the project is read every day; asked of the system once, and after each change."""
        if self._at is None and self.draft.is_complete():
            try:
                at = schedule.system().installed(schedule.Job.of(self.folder))
            except EChannelError:
                at = None
            self._at = f"{at:%H:%M}" if at else ""
        return self._at or ""

    # -- what they share ----------------------------------------------------------------------------------------------

    def _company(self) -> Company:
        words = self.draft.raw().get("company") or {}
        known = {name: words[name] for name in ("name", "currency", "time_zone", "language") if name in words}
        return Company.model_validate(known)

    def _name(self, kind: Asked, said: Said, is_same: Callable[[Values], bool]) -> str:
        """The source that an answer is about: one there is, or a new one.

        What is there already is never new: it was said on another page or by a second click, and would count twice.
        """
        name, names = _text(said, "name"), self.draft.names(kind)
        if name not in names:
            name = next((one for one in names if is_same(self.draft.settings(one))), "")
        return name or self.draft.new_name(kind)

    def _tried(self, kind: Asked, name: str, settings: Values, said: Said) -> Json:
        self._findings[kind] = source_findings(name, settings, self.folder, self._company())
        return self._kept(kind, said, lambda: self.draft.save_source(kind, name, settings))

    def _kept(self, step: str, said: Said, save: Callable[[], None]) -> Json:
        """Save what was tried and is well, or what is to be kept all the same."""
        well = is_well(self._findings[step]) or bool(said.get("anyway"))
        if well:
            save()
        return {"is_saved": well}


ACTIONS: Mapping[str, Callable[[Assistant, Said], Json]] = {
    "language": Assistant.speak,
    "company": Assistant.save_company,
    "shop": Assistant.save_shop,
    "erp": Assistant.save_erp,
    "web": Assistant.save_web,
    "destination": Assistant.save_destination,
    "none": Assistant.save_none,
    "remove": Assistant.remove,
    "keyfile": Assistant.keep_key_file,
    "who": Assistant.who,
    "login": Assistant.log_in,
    "sync": Assistant.sync,
    "stop": Assistant.stop,
    "rates": Assistant.add_rates,
    "once": Assistant.count_once,
    "schedule": Assistant.schedule,
    "install": Assistant.install,
    "uninstall": Assistant.uninstall,
}


def _text(said: Said, name: str) -> str:
    value = said.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _kind(said: Said) -> Asked:
    kind = _text(said, "kind")
    for one in SOURCES:
        if one == kind:
            return one
    raise SettingsError(say("there is no step {name!r}", name=kind))


def _like(answer: str, usual: Any) -> Any:  # of the same type as a parameter's default
    """An answer as a number where the parameter is one."""
    if isinstance(usual, int) and not isinstance(usual, bool) and answer.lstrip("-").isdigit():
        return int(answer)
    return answer


def _refuse_references(said: Any) -> None:  # JSON
    """`${NAME}` in echannel.yaml is a reference: nobody means that on a page."""
    if isinstance(said, dict):
        for name, value in said.items():
            if name not in ("text", "password", "key"):  # these are kept elsewhere
                _refuse_references(value)
    elif isinstance(said, str) and "${" in said:
        raise SettingsError(say("an answer may not hold ${{"), hint=say("leave these two signs out"))
