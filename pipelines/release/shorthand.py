"""The shorthand of the Government Analysis Function for figures that are not shown, or not final.

Belongs here: which letter stands for which status. Does not belong here: brackets (those who print them), or a letter
in a column of numbers: data files have the status in a column of its own.

Source: Analysis Function, "Symbols and shorthand in spreadsheets", January 2022.
"""

from __future__ import annotations

LETTERS = {
    "observed": "",
    "suppressed": "c",
    "not_applicable": "z",
    "not_collected": "x",
    "not_rated": "z",
    "missing": "x",
    "provisional": "p",
    "revised": "r",
    "withheld": "x",
}
"""By `value_status`; empty where there is nothing to say."""

MEANINGS = {
    "c": "suppressed to protect confidentiality",
    "x": "not available",
    "z": "not applicable",
    "p": "provisional",
    "r": "revised",
}
"""What a reader is told of each letter."""
