"""Sentences that people read, in English and French: written in English where they arise, in either where shown.

`say("{host} does not accept this key", host=host)` is that sentence as a str; `in_language(sentence, "fr")` is its
French form, from the catalogue in french.py. So a source or an error, which knows no language, speaks to everyone.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

UNBREAKABLE = re.compile(r" (?=[:;?!»%])|(?<=«) ")  # the spaces of French punctuation
NUMBERS_IN_FRENCH = str.maketrans({",": "\u202f", ".": ","})  # 12,480.5 is written 12 480,5


class Text(str):
    """An English sentence that remembers what it was made of."""

    template: str
    values: Mapping[str, object]


def say(template: str, /, **values: object) -> Text:
    """The sentence with its values; the template is what french.py knows it by."""
    text = Text(template.format(**values))
    text.template, text.values = template, values
    return text


def in_language(text: str, language: str) -> str:
    """The text in "en" or "fr"; what was not made by `say`, such as a name, stays as it is."""
    if language != "fr" or not isinstance(text, Text):
        return str(text)
    return _French().vformat(in_french(text.template), (), text.values)


@cache
def in_french(template: str) -> str:
    """The French template, its spaces before : ; ? ! and inside « » unbreakable."""
    from echannel_connectors.french import FRENCH

    return UNBREAKABLE.sub("\u00a0", FRENCH[template]) if template in FRENCH else template


class _French(string.Formatter):
    """Numbers as French writes them, and sentences within a sentence in French too."""

    def format_field(self, value: Any, format_spec: str) -> str:  # whatever a sentence holds
        if isinstance(value, Text):
            value = in_language(value, "fr")
        formatted: str = super().format_field(value, format_spec)
        is_number = isinstance(value, int | float | Decimal) and format_spec
        return formatted.translate(NUMBERS_IN_FRENCH) if is_number else formatted
