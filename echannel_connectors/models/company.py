"""The company's own choices that every figure depends on."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from echannel_connectors.settings import Settings
from echannel_connectors.texts import say


class Company(Settings):
    """Reporting currency (ISO 4217), time zone of the business day, language of labels, and the salt for e-mails."""

    name: str = "My company"
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    time_zone: str = "Europe/Paris"
    language: Literal["en", "fr"] = "en"
    email_salt: SecretStr | None = None
    # source → {"order": {column of its orders: "source.column"}}: an order that is in both counts once, in the latter
    matches: dict[str, dict[Literal["order"], dict[str, str]]] = Field(default_factory=dict)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(say("{zone!r} is not a time zone; use a name such as Europe/Paris", zone=zone)) from error
        return zone

    @property
    def salt(self) -> str | None:
        return self.email_salt.get_secret_value() if self.email_salt else None
