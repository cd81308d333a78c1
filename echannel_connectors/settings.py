"""The base of all settings: frozen pydantic models, `${NAME}` references, secrets that stay hidden."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from echannel_connectors.errors import SettingsError, because
from echannel_connectors.texts import say

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def on_this_machine(endpoint: str) -> str:
    """The address of a stand-in, which tests set; a ValueError for any other machine: a key must not travel there."""
    if endpoint and urlsplit(endpoint).hostname not in LOOPBACK:
        raise ValueError(say("an endpoint may only be on this machine"))
    return endpoint


Endpoint = Annotated[str, AfterValidator(on_this_machine)]


if TYPE_CHECKING:
    Secret = SecretStr | str  # what a caller may give
else:
    Secret = SecretStr  # what it is from then on


def unveiled(secret: Secret) -> str:
    """The secret itself, for whom it is meant."""
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret


class Settings(BaseModel):
    """Frozen, so that it pickles and can be shared between threads; a misspelt key is an error.

    An error does not repeat what was given: a secret may be part of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Only the settings travel: what was opened with them is opened again at the other end."""
        return type(self).model_validate, (self.model_dump(exclude_unset=True, by_alias=True),)


class Connector(Settings):
    """The settings of a source or a destination, which opens connections with them."""

    def __copy__(self) -> Self:
        return self.model_copy()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self.model_copy()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002 - frozen
        """A copy travels as light, and is checked as any: with another address it would go on asking the old one."""
        return type(self).model_validate(
            {**{name: getattr(self, name) for name in self.model_fields_set}, **(update or {})}
        )


def text_of(file: Path) -> str:
    """The text of a file that a person wrote, without the mark that Windows puts before it. Raises SettingsError."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        sentence = say("{file} cannot be read: {because}", file=file.name, because=because(error))
        raise SettingsError(sentence, place=str(file)) from error
    except UnicodeDecodeError as error:
        sentence = say("{file} is not UTF-8 text", file=file.name)
        raise SettingsError(sentence, hint=say("save it as UTF-8"), place=str(file)) from error


def environment(folder: Path) -> dict[str, str]:
    """The process environment over a `.env` file in `folder` (NAME=value lines, # comments, optional quotes)."""
    return {**written_in(folder / ".env"), **os.environ}


def written_in(file: Path) -> dict[str, str]:
    """The names and values in a `.env` file; none where it is not there."""
    pairs: dict[str, str] = {}
    for line in text_of(file).splitlines() if file.is_file() else ():
        name, equals, value = line.removeprefix("export ").partition("=")
        if equals and not name.lstrip().startswith("#"):
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            pairs[name.strip()] = value[1:-1] if quoted else value
    return pairs


def resolve(value: Any, names: Mapping[str, str], place: str = "") -> Any:  # any YAML value
    """The value with each `${NAME}` replaced; an unset name is an error that says where it stands."""
    if isinstance(value, dict):
        return {key: resolve(item, names, f"{place}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, names, f"{place}[{n}]") for n, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def named(match: re.Match[str]) -> str:
        name = match[1]
        if name not in names:
            raise SettingsError(
                say("{place} refers to ${{{name}}}, which is not set", place=place, name=name),
                hint=say("set {name} in the environment or in a .env file beside echannel.yaml", name=name),
            )
        return names[name]

    return REFERENCE.sub(named, value)
