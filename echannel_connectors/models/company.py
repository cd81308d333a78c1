"""The company's own choices that every figure depends on."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from echannel_connectors.errors import did_you_mean
from echannel_connectors.models.core import TABLES
from echannel_connectors.settings import Secret, Settings, unveiled
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
# The decimals of an amount, where they are not two (ISO 4217).
DECIMALS = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0) | dict.fromkeys(
    "BHD IQD JOD KWD LYD OMR TND".split(), 3
)


def decimals(currency: str) -> int:
    """How many decimals an amount of this currency has: a yen has no cents, a dinar a thousand fils."""
    return DECIMALS.get(currency, 2)


# ISO 3166-1, and Kosovo, which has no code there and uses this one.
COUNTRIES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW""".split()
)


class Market(Settings):
    """A country that the company enters: since when, and the files of what it costs and of what it should bring."""

    entered_on: date | None = None
    costs: Path | None = None
    targets: Path | None = None


def _nothing_said(value: object) -> object:
    """`IT:` with nothing behind it is a market, too."""
    return {} if value is None else value


def _known_markets(markets: dict[str, Market]) -> dict[str, Market]:
    for code in markets:
        if code not in COUNTRIES:
            raise ValueError(say("{code!r} is not a country; use its ISO code, such as FR or GB", code=code))
    return markets


Markets = Annotated[dict[str, Annotated[Market, BeforeValidator(_nothing_said)]], AfterValidator(_known_markets)]


def _known_columns(matches: Matches) -> Matches:
    columns = TABLES["orders"].types
    for source, rules in matches.items():
        for column, other in rules.get("order", {}).items():
            for name in (column, other.partition(".")[2]):
                if name not in columns:
                    raise ValueError(
                        say("{source}: orders have no column {name!r}: {hint}",
                            source=source, name=name, hint=did_you_mean(name, columns))
                    )  # fmt: skip
    return matches


# source → {"order": {column of its orders: "source.column"}}: an order that is in both counts once, in the latter
Matches = Annotated[dict[str, dict[Literal["order"], dict[str, str]]], AfterValidator(_known_columns)]


class Said(Settings):
    """What stands under `company` in echannel.yaml: reporting currency (ISO 4217), time zone of the business day,
    language of labels, and the salt for e-mails."""

    name: str = "My company"
    currency: str = Field(default="EUR", json_schema_extra={"pattern": "^[A-Z]{3}$"})
    time_zone: str = "Europe/Paris"
    language: Literal["en", "fr"] = "en"
    email_salt: Secret | None = None

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
        return unveiled(self.email_salt) if self.email_salt else None

    def today(self) -> date:
        """The business day of now: in the company's time zone, which may be a day ahead of the machine's."""
        return datetime.now(ZoneInfo(self.time_zone)).date()


class Company(Said):
    """A company with what echannel.yaml says beside `company`: which orders are in two sources, and what it enters
    itself (models/entered.py), markets by their ISO code and files of its own."""

    matches: Matches = Field(default_factory=dict)
    markets: Markets = Field(default_factory=dict)
    rates: Path | None = None
    cost_rules: Path | None = None
