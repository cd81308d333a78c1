"""The company's own choices that every figure depends on."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, field_validator

from echannel_connectors.settings import Settings
from echannel_connectors.texts import say

# ISO 4217, without funds, metals and test codes.
CURRENCIES = frozenset(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND
    VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG""".split()
)


class Market(Settings):
    """A country that the company enters: since when, and the files of what it costs and of what it should bring."""

    entered_on: date | None = None
    costs: Path | None = None
    targets: Path | None = None


def _known_markets(markets: dict[str, Market]) -> dict[str, Market]:
    for code in markets:
        if not re.fullmatch("[A-Z]{2}", code):
            raise ValueError(say("{code!r} is not a country; use its ISO code, such as FR or GB", code=code))
    return markets


Markets = Annotated[dict[str, Market], AfterValidator(_known_markets)]


class Company(Settings):
    """Reporting currency (ISO 4217), time zone of the business day, language of labels, and the salt for e-mails."""

    name: str = "My company"
    currency: str = Field(default="EUR", json_schema_extra={"pattern": "^[A-Z]{3}$"})
    time_zone: str = "Europe/Paris"
    language: Literal["en", "fr"] = "en"
    email_salt: SecretStr | None = None
    # source → {"order": {column of its orders: "source.column"}}: an order that is in both counts once, in the latter
    matches: dict[str, dict[Literal["order"], dict[str, str]]] = Field(default_factory=dict)
    # What it enters itself (models/entered.py): markets by their ISO code, and files of its own.
    markets: Markets = Field(default_factory=dict)
    rates: Path | None = None
    cost_rules: Path | None = None

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        if code not in CURRENCIES:
            raise ValueError(say("{code!r} is not a currency; use its ISO code, such as EUR or GBP", code=code))
        return code

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
