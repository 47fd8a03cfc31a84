"""What an entry of the corrections ledger may say: the pydantic model of every file under `sources/corrections/`.

Belongs here: which keys are legal, and rules that one entry alone can break. Does not belong here: reading the
files (pipelines/registry.py), applying them (dbt_project/models/intermediate/survey/), or any fault of a publisher.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.source import SnakeCase, Strict, Text

Texts = Annotated[tuple[Text, ...], Field(min_length=1)]


class Cells(Strict):
    """Which cells an entry is about: all that agree with every list; a list that is left out means any."""

    question_id: Texts
    response_option: tuple[Text, ...] = ()
    statistic: tuple[Literal["percent", "score", "base"], ...] = ()
    org_code: tuple[Text, ...] = ()


class Guard(Strict):
    """What must still hold of the file for the entry to be applied.

    shown_values_equal: every value that is shown in these cells is this one, as published.
    """

    shown_values_equal: float


class Replacement(Strict):
    """The right value of one organisation, and the wrong one that must still be in the file."""

    org_code: Text
    published: float
    correct: float


class Correction(Strict):
    """One known fault of published data: what is wrong, how we know, and what is done about it.

    action: `withhold` takes the values out, `replace` puts others in their place, `flag` leaves them and says so.
    origin: where the values of a `replace` come from. A `flag` may do without a guard, because it changes nothing.
    """

    correction_id: SnakeCase
    source_id: SnakeCase
    editions: Texts
    where: Cells
    wrong: Text
    evidence: Text
    link: Text | None = None
    found_by: Text
    found_on: date
    action: Literal["withhold", "replace", "flag"]
    guard: Guard | None = None
    replacements: tuple[Replacement, ...] = ()
    origin: Text | None = None
    review_date: date

    @model_validator(mode="after")
    def _consistent(self) -> Correction:
        if (self.action == "replace") != bool(self.replacements and self.origin):
            raise ValueError("`replacements` and their `origin` go with `action: replace`, and only with it")
        if self.action == "withhold" and not self.guard:
            raise ValueError("`withhold` needs a `guard`, so that it ends when the publisher mends the file")
        if self.replacements and (self.guard or self.where.org_code):
            raise ValueError("a `replace` names organisations and published values under `replacements` alone")
        return self
