"""What a source YAML may say: the pydantic model of every file under `sources/`.

Belongs here: which keys are legal, of which type, and rules that one file alone can break.
Does not belong here: reading the files (pipelines/registry.py), columns and their meaning
(schemas/fields.py, schemas/ingest/), or any fact about a publisher (sources/*.yml).
"""

from __future__ import annotations

import re
from datetime import date
from string import Formatter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ValueStatus = Literal[
    "observed",
    "suppressed",
    "not_applicable",
    "not_collected",
    "not_rated",
    "missing",
    "provisional",
    "revised",
    "withheld",
]
SnakeCase = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """Frozen, and refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FilePattern(Strict):
    """One way a publisher has named the file. The pattern is matched against the whole file name.

    Named groups give the edition: `year` or `yy`, `month` (number) or `mon` (English name), `day`,
    or, for inboxes, `name`; a group `revised` marks a file that replaces another of its edition.
    `known` gives parts of the edition that the name leaves open and that are known from elsewhere.
    `format` says what is inside after unpacking zip or gzip.
    """

    match: Text
    known: dict[Literal["year", "month", "day"], Text] = {}
    format: Literal["csv", "xlsx", "xlsb", "ods", "json"]

    @field_validator("match")
    @classmethod
    def _is_a_pattern_with_an_edition(cls, value: str) -> str:
        groups = set(re.compile(value).groupindex)
        if not groups & {"year", "yy", "name"}:
            raise ValueError("the pattern needs a group `year`, `yy` or `name` that tells the edition")
        return value


class BodyRows(Strict):
    """One kind of row in a JSON body.

    each: path from the body to the objects that become rows, with `[]` behind a list.
    take: column and where it is found in such an object; `^` goes one object out, and of several places the first
    with a value counts. texts: columns that are the same in all rows of this kind.
    """

    each: Text
    take: dict[SnakeCase, Text | tuple[Text, ...]] = {}
    texts: dict[SnakeCase, str] = {}


class BodyNames(Strict):
    """Ids in a column and where bodies spell them out: a list of objects, and the keys of id and name in it."""

    column: SnakeCase
    list: Text
    id: Text
    name: Text


class Bodies(Strict):
    """What is read from JSON bodies.

    body: columns taken from the body itself, for each of its rows. rows: what else becomes rows.
    otherwise: the texts of the one row of a body without any, so that it is not lost.
    known_keys: all keys, at any depth, that the publisher is known to use: a new one is reported, and if it stands
    in for one that `rows` needs, the file is refused.
    """

    body: dict[SnakeCase, Text | tuple[Text, ...]]
    rows: Annotated[tuple[BodyRows, ...], Field(min_length=1)]
    names: tuple[BodyNames, ...] = ()
    otherwise: dict[SnakeCase, str]
    known_keys: frozenset[Text]


class Layout(Strict):
    """How rows lie in the file.

    kind: `table` (one header row, one record a row), `question_grid` (a question text above groups of
    response columns), `form` (label and value pairs on one sheet, answers on another) or `bodies` (JSON objects,
    of which `bodies` says what becomes a row; `header` are keys that each of them has).
    header: names that mark the header row, wherever it stands. names: column names of a headerless file.
    sheets: patterns; every sheet that matches is read, and each pattern must match at least one. Where names
    changed over time: a list for each edition from which they hold.
    """

    kind: Literal["table", "question_grid", "form", "bodies"] = "table"
    header: tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()
    sheets: tuple[Text, ...] | dict[str, tuple[Text, ...]] = ()
    form_sheet: str | None = None
    form_labels: tuple[Text, ...] = ()
    bodies: Bodies | None = None

    def sheets_of(self, edition: str) -> tuple[str, ...]:
        """The patterns that hold for this edition; the earliest list also serves editions before it."""
        if isinstance(self.sheets, tuple):
            return self.sheets
        since = [first for first in sorted(self.sheets) if first <= edition] or [min(self.sheets)]
        return self.sheets[since[-1]]

    @model_validator(mode="after")
    def _header_or_names(self) -> Layout:
        if bool(self.header) == bool(self.names):
            raise ValueError("give either `header` (found by content) or `names` (headerless), not both")
        if (self.kind == "form") != bool(self.form_sheet and self.form_labels):
            raise ValueError("`form_sheet` and `form_labels` go with `kind: form`, and only with it")
        if (self.kind == "bodies") != bool(self.bodies):
            raise ValueError("`bodies` goes with `kind: bodies`, and only with it")
        return self


class ColumnRule(Strict):
    """How one canonical column comes out of the published ones. Steps are taken in this order.

    source: published names, the first one present is taken; names that begin with `@` come from the
    reader (`@edition`, `@edition_start`, `@edition_end`, `@question`, `@option`, `@name`, `@value`).
    const: the same text in every row instead. optional: the column may be absent.
    blanks: texts that say that nothing is there. fill: text that stands for a blank.
    non_values: marks in place of a value, with the status that each of them means.
    mapping: published text to canonical text. rewrite: pattern to template, for instance `^% (.+)$: \\1`.
    A text that neither knows is rejected. case: upper, lower or snake. formats: strptime formats of a date.
    month_end: move the date to the last day of its month.
    """

    source: tuple[Text, ...] = ()
    const: str | None = None
    optional: bool = False
    blanks: tuple[str, ...] = ("",)
    fill: str | None = None
    non_values: dict[str, ValueStatus] = {}
    mapping: dict[str, str] = {}
    rewrite: dict[str, str] = {}
    case: Literal["upper", "lower", "snake"] | None = None
    formats: tuple[Text, ...] = ()
    month_end: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """`org_code: ORG_CODE` is short for `org_code: {source: [ORG_CODE]}`."""
        if isinstance(value, str):
            return {"source": (value,)}
        if isinstance(value, dict) and isinstance(value.get("source"), str):
            return {**value, "source": (value["source"],)}
        return value

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> ColumnRule:
        if bool(self.source) == (self.const is not None):
            raise ValueError("a column comes from `source` or is a `const`, one of the two")
        return self


class Scope(Strict):
    """Rows of the file that this source is not about: left out by declaration, and counted."""

    keep: dict[str, tuple[str, ...]]
    reason: Text


class Measure(Strict):
    """An indicator that this source feeds: everything a reader must know to use it."""

    measure_id: SnakeCase
    measure_name: Text
    outcome_domain: Literal["patient_outcomes", "operations", "staff", "quality_rating", "finance"]
    unit: Literal["percent", "score", "rating"]
    polarity: Literal["higher_is_better", "lower_is_better"]
    numerator_definition: Text
    denominator_definition: Text
    minimum_denominator: float | None = None
    annual_rule: Literal["pooled", "latest", "as_published"]
    survey_question: str | None = None
    survey_options: str | None = None
    items: str | None = None
    description: Text
    limitations: Text
    review_date: date


class Api(Strict):
    """A publisher's interface that lists records and hands them out one by one.

    base_url: beginning of every address, overridden by the variable `base_url_from`. key_from: the variable that
    holds the key of this installation, sent as `key_header`.
    list_path, record_path, changes_path: behind the base; `{id}` is the record's. list_key: the list in a page of the
    list; id_key: the id in a row of it. changes_key: the list of changed ids. next_key: the address of the next
    page, empty on the last one. total_key: how many entries all pages have. start_key and end_key: the days that
    changes are asked for; days_back: how many of them are asked for again, because changes become known late.
    raw_name: name of the file that the records become, filled from `{year}`, `{month}`, `{day}`.
    drop: keys that never reach that file, at any depth: personal data.
    """

    base_url: Text
    base_url_from: Text
    key_header: Text
    key_from: Text
    list_path: Text
    record_path: Text
    changes_path: Text
    list_key: Text
    id_key: Text
    changes_key: Text
    next_key: Text
    total_key: Text
    start_key: Text
    end_key: Text
    per_page_key: Text
    per_page: Annotated[int, Field(ge=1)]
    days_back: Annotated[int, Field(ge=0)]
    requests_per_minute: Annotated[float, Field(gt=0)]
    raw_name: Annotated[str, Field(pattern=r"^[a-z_]+\{year\}-\{month\}-\{day\}\.jsonl\.gz$")]
    drop: tuple[Text, ...]


class Fetch(Strict):
    """How the newest files come from their publisher by themselves.

    kind: `pages` (the files are linked from a page), `download` (their addresses never change) or `api` (a
    fetcher of its own).
    pages: where to begin; if none is given, the landing page. follow: a pattern for each step from there to the
    page that links the files. links: patterns of the links to the files; if none is given, those whose file name,
    or whose text, is one of `files`. Patterns are searched in the address of a link and in its text. Their
    groups `year` or `yy`, `month` or `mon`, and `day` tell which is the newest; without groups, the first on
    the page is taken for it.
    file_name: the name that a linked file gets, filled from the groups of `links`, where neither its address nor
    its text tells. downloads: such names and their addresses, filled from the day of the download: `{year}`,
    `{month}`, `{day}`.
    members: patterns of the files to take out of a zip that bundles several; each must match.
    api: what the fetcher of `kind: api` asks for.
    newest: how many editions are looked for, the newest first. max_bytes: of one file.
    verified_on: when somebody saw this work with the publisher's own pages; absent: written from a description
    of them, and never tried.
    """

    kind: Literal["pages", "download", "api"] = "pages"
    pages: tuple[Text, ...] = ()
    follow: tuple[Text, ...] = ()
    links: tuple[Text, ...] = ()
    file_name: Text | None = None
    downloads: dict[Text, Text] = {}
    members: tuple[Text, ...] = ()
    newest: Annotated[int, Field(ge=1)] = 1
    max_bytes: Annotated[int, Field(ge=1)] = 500_000_000
    api: Api | None = None
    seconds_between_requests: Annotated[float, Field(ge=0)] | None = None
    verified_on: date | None = None

    @field_validator("follow", "links", "members")
    @classmethod
    def _are_patterns(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"{value!r} is no pattern: {error}") from error
        return values

    @model_validator(mode="after")
    def _goes_together(self) -> Fetch:
        if bool(self.downloads) != (self.kind == "download"):
            raise ValueError("`downloads` goes with `kind: download`, and only with it")
        if self.kind != "pages" and (self.pages or self.follow or self.links or self.file_name):
            raise ValueError("`pages`, `follow`, `links` and `file_name` go with `kind: pages`, and only with it")
        if (self.file_name or self.members) and self.kind == "pages" and not self.links:
            raise ValueError("`file_name` and `members` need `links`, which tell the edition")
        if bool(self.api) != (self.kind == "api"):
            raise ValueError("`api` goes with `kind: api`, and only with it")
        return self

    @model_validator(mode="after")
    def _links_tell_what_is_needed(self) -> Fetch:
        groups = [set(re.compile(link).groupindex) for link in self.links]
        if self.members and not all(told & {"year", "yy"} for told in groups):
            raise ValueError("with `members`, each of `links` needs a group `year` or `yy`")
        if self.file_name and not all(_fields(self.file_name) <= told for told in groups):
            raise ValueError("`file_name` asks for a group that one of `links` does not have")
        if not all(_fields(name) <= {"year", "month", "day"} for name in self.downloads):
            raise ValueError("names of `downloads` may ask for {year}, {month} and {day} only")
        return self


def _fields(template: str) -> set[str]:
    """What a template such as `rates_{year}.csv` asks for."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


class Source(Strict):
    """One publisher's series: who, where, how to read it, what it feeds.

    duplicates: whether rows that share a key are rejected or kept as published. limits: a narrower range
    than the shape's. edition_from: the column that must agree with the edition in the file's name.
    unpivot: columns whose names match this pattern become rows: `@name`, `@value`, and `@<group>` for each
    named group.
    known_in: a list of reference data (a seed of the dbt project) and the columns that must occur in it.
    supersedes_by: what a newer file replaces, the whole edition or single submissions.
    fetch: how files come by themselves; without it, somebody brings them.
    """

    source_id: SnakeCase
    source_name: Text
    publisher: Text
    landing_page: Text
    licence: Text
    attribution: Text
    cadence: Literal["continuous", "monthly", "quarterly", "annual", "irregular"]
    owner: Text
    review_date: date
    is_required: bool = True
    is_restricted: bool = False
    is_inbox: bool = False
    notes: str | None = None

    fetch: Fetch | None = None

    shape: Literal[
        "provider_counts",
        "waiting_bands",
        "survey_results",
        "ratings",
        "provider_ratings",
        "body_ratings",
        "organisations",
        "assessments",
    ]
    files: Annotated[tuple[FilePattern, ...], Field(min_length=1)]
    layout: Layout | dict[Literal["csv", "xlsx", "xlsb", "ods", "json"], Layout]
    columns: dict[SnakeCase, ColumnRule]
    unpivot: str | None = None
    scope: Scope | None = None
    key: Annotated[tuple[SnakeCase, ...], Field(min_length=1)]
    duplicates: Literal["reject", "keep"] = "reject"
    limits: dict[SnakeCase, tuple[float, float]] = {}
    edition_from: SnakeCase | None = None
    supersedes_by: Literal["edition", "submission_id"] = "edition"
    known_in: dict[SnakeCase, tuple[SnakeCase, ...]] = {}
    known_organisations_from: tuple[SnakeCase, ...] = ()
    refuse_formulas: bool = False
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    measures: tuple[Measure, ...] = ()

    def layout_for(self, file_format: str) -> Layout:
        """The layout of a file of this format."""
        return self.layout if isinstance(self.layout, Layout) else self.layout[file_format]

    @model_validator(mode="after")
    def _consistent(self) -> Source:
        named = {"name" in re.compile(pattern.match).groupindex for pattern in self.files}
        if named != {self.is_inbox}:
            raise ValueError("a group `name` in every pattern goes with `is_inbox: true`, and only with it")
        if not isinstance(self.layout, Layout):
            missing = {pattern.format for pattern in self.files} - set(self.layout)
            if missing:
                raise ValueError(f"`layout` says nothing of {', '.join(sorted(missing))}")
        return self
