"""The form of a JSON submission, as JSON Schema.

Belongs here: keys and their kinds. Does not belong here: which items and levels an instrument has (seeds).
"""

from __future__ import annotations

from typing import Any

from pipelines.submissions import reference


def json_schema() -> dict[str, Any]:
    """One submission, or a list of them. A withdrawal needs no answers."""
    one = {"$ref": "#/$defs/submission"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Submissions to the NHS IMPACT Warehouse",
        "anyOf": [one, {"type": "array", "items": one}],
        "$defs": {"submission": _submission(), "answer": _answer()},
    }


def _submission() -> dict[str, Any]:
    scopes, statuses = reference.words("sharing_scope"), reference.words("submission_status")
    return {
        "type": "object",
        "description": "Other keys are allowed and never read.",
        "required": ["ods_code", "instrument_version", "assessment_date", "submission_status"],
        "properties": {
            "ods_code": {"type": "string", "description": "The organisation's ODS code"},
            "unit_code": {"type": ["string", "null"], "description": "ODS code of the part; absent for the whole"},
            "instrument_version": {"enum": reference.versions()},
            "assessment_date": {"type": "string", "format": "date"},
            "submission_status": {"enum": list(statuses), "description": _meanings(statuses)},
            "sharing_scope": {"enum": list(scopes), "default": "private", "description": _meanings(scopes)},
            "answers": {"type": "array", "items": {"$ref": "#/$defs/answer"}},
        },
    }


def _answer() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["item", "level"],
        "properties": {
            "item": {"type": "string"},
            "level": {
                "type": ["integer", "string", "null"],
                "description": f"The level, its name, or {reference.NOT_APPLICABLE!r}; null where not answered",
            },
        },
    }


def _meanings(known: dict[str, reference.Word]) -> str:
    return "; ".join(f"{key}: {word.meaning}" for key, word in known.items())
