"""The French of every sentence that `say` makes: English template → French template, with the same values in it.

A test reads the code and fails on a sentence that has no French, or whose French holds other values.
"""

from __future__ import annotations

FRENCH: dict[str, str] = {}
