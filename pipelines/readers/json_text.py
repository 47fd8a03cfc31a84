"""Parses JSON strictly: what other programs could read in two ways is refused.

Belongs here: UTF-8, keys given twice, text that cannot be written again. Does not belong here: what the JSON means
(bodies.py, objects.py).
"""

from __future__ import annotations

import json
from typing import Any


class NotJson(ValueError):
    """What is wrong, in words that repeat nothing of the text."""


def parsed(content: bytes) -> Any:
    """What the text says. Raises NotJson."""
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_unique)
        if b"\\ud" in content.lower():
            # Half of a pair of surrogates is legal in JSON, but no text.
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except json.JSONDecodeError as error:
        raise NotJson(f"text that is not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from error
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJson("text that is not JSON in UTF-8") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJson("an object that gives a key twice")
    return found
