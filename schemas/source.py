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
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
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
    format: Literal["csv", "xlsx", "xlsb", "xls", "ods"]

    @field_validator("match")
    @classmethod
    def _is_a_pattern_with_an_edition(cls, value: str) -> str:
        groups = set(re.compile(value).groupindex)
        if not groups & {"year", "yy", "name"}:
            raise ValueError("the pattern needs a group `year`, `yy` or `name` that tells the edition")
        return value


class Layout(Strict):
    """How rows lie in the file.

    kind: `table` (one header row, one record a row), `question_grid` (a question text above groups of
    response columns) or `form` (label and value pairs on one sheet, answers on another).
    header: names that mark the header row, wherever it stands. names: column names of a headerless file.
    sheets: patterns; every sheet that matches is read, and each pattern must match at least one. Where names
    changed over time: a list for each edition from which they hold.
    group_row: a row above the header names groups of columns; a column is then called `group: column`.
    labels: texts above the header whose neighbour to the right is wanted, as `@<name>`; `published_on` and
    `revised_on` are days.
    ignore_sheets: patterns of sheets known to hold nothing wanted; any other that is not read is reported.
    """

    kind: Literal["table", "question_grid", "form"] = "table"
    header: tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()
    sheets: tuple[Text, ...] | dict[str, tuple[Text, ...]] = ()
    form_sheet: str | None = None
    form_labels: tuple[Text, ...] = ()
    group_row: bool = False
    labels: dict[SnakeCase, Text] = {}
    ignore_sheets: tuple[Text, ...] = ()

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
    """Rows of the file that this source is not about: left out by declaration, and counted.

    keep: published column and the texts of rows that stay. filled: published columns that are blank in notes
    below the data.
    """

    keep: dict[Text, tuple[str, ...]] = {}
    filled: tuple[Text, ...] = ()
    reason: Text


class Totals(Strict):
    """The publisher's own total rows: taken out, and held against the sum of the rows that they total.

    column: published names of the column that marks them. texts: what stands there, in any case.
    columns: pattern of the columns that must add up; by default those that `unpivot` turns into rows. A file
    without its total is refused as cut short.
    """

    column: tuple[Text, ...]
    texts: tuple[Text, ...]
    columns: Text | None = None


class Coverage(Strict):
    """Which days an edition is about, where the file does not say: so many months, ending so many months before."""

    months: Annotated[int, Field(ge=1)]
    ends_months_before: Annotated[int, Field(ge=0)]


class PublicationDay(Strict):
    """When an edition comes out: so many months after the month in which its period ends, on this day.

    Either `day` of the month, or the `nth` `weekday` of it; -1 is the last one.
    """

    months_after: Annotated[int, Field(ge=0)]
    day: Annotated[int, Field(ge=1, le=28)] | None = None
    nth: Literal[-1, 1, 2, 3, 4] | None = None
    weekday: Weekday | None = None

    @model_validator(mode="after")
    def _one_way(self) -> PublicationDay:
        if (self.nth is None) != (self.weekday is None) or (self.day is None) == (self.nth is None):
            raise ValueError("give either `day`, or `nth` and `weekday`")
        return self


class Calendar(Strict):
    """When the publisher brings out its editions. `dates` by edition go before the rule in `published`.

    grace_days: how long after that day nothing is called late. verified: whether somebody has read it from the
    publisher's own calendar; otherwise the days are approximate.
    """

    period: Literal["month", "quarter", "year"]
    published: PublicationDay
    dates: dict[Text, date] = {}
    grace_days: Annotated[int, Field(ge=0)] = 7
    verified: bool = False


class Holds(Strict):
    """How much a file may differ from the one before it; beyond that it waits for a decision of a person.

    max_lost_rows, max_lost_organisations: shares, against the newest vintage of the edition, or of the edition
    before. max_lost_in_revision: organisations that a newer vintage of the same edition may lose. max_growth: how
    many times the rows it may have. compare_editions: false where editions are cumulative or each of another scope.
    """

    max_lost_rows: Annotated[float, Field(ge=0, le=1)] = 0.1
    max_lost_organisations: Annotated[float, Field(ge=0, le=1)] = 0.1
    max_lost_in_revision: Annotated[int, Field(ge=0)] = 0
    max_growth: Annotated[float, Field(gt=1)] = 2.0
    compare_editions: bool = True


class NoSource(Strict):
    """Files of the folders that are known and are no source: a pattern of the whole name, and why."""

    match: Text
    reason: Text

    @field_validator("match")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        return re.compile(value).pattern


class OutOfScope(Strict):
    """What `sources/out_of_scope.yml` says."""

    files: tuple[NoSource, ...]


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


class Fetch(Strict):
    """How the newest files come from their publisher by themselves.

    kind: `pages` (the files are linked from a page), `download` (their addresses never change) or `api` (a
    fetcher of its own).
    pages: where to begin, each leads to a file; if none is given, the landing page. follow: a pattern for each step
    from there to the page that links the files. links: patterns of the links to the files; if none is given, those
    whose file name, or whose text, is one of `files`. Patterns are searched in the address of a link and in its
    text. Their groups `year` or `yy`, `month` or `mon`, and `day` tell which is the newest; without groups, the
    first on the page is taken for it.
    file_name: the name that a linked file gets, filled from the groups of `links`, where neither its address nor
    its text tells. downloads: such names and their addresses, filled from the day of the download: `{year}`,
    `{month}`, `{day}`.
    members: patterns of the files to take out of a zip that bundles several; each must match.
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
    latest_from: the column whose latest day must be that edition's last, where a file holds several periods.
    covers: the days of `@edition_start` and `@edition_end`, where they are not those of the edition's name.
    totals: total rows among the data. complete: values that a column must hold somewhere in every file, so
    that a renamed part is missed and not left out of a sum.
    unpivot: columns whose names match this pattern become rows: `@name`, `@value`, and `@<group>` for each
    named group.
    known_in: a list of reference data (a seed of the dbt project) and the columns that must occur in it.
    supersedes_by: what a newer file replaces, the whole edition or single submissions.
    calendar: when editions are due; none where they come as they come. holds: an inbox knows none.
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
    fetch: Fetch | None = None
    notes: str | None = None

    shape: Literal[
        "provider_counts",
        "provider_items",
        "waiting_bands",
        "survey_results",
        "ratings",
        "organisations",
        "assessments",
    ]
    files: Annotated[tuple[FilePattern, ...], Field(min_length=1)]
    layout: Layout | dict[Literal["csv", "xlsx", "xlsb", "xls", "ods"], Layout]
    columns: dict[SnakeCase, ColumnRule]
    unpivot: str | None = None
    scope: Scope | None = None
    key: Annotated[tuple[SnakeCase, ...], Field(min_length=1)]
    duplicates: Literal["reject", "keep"] = "reject"
    limits: dict[SnakeCase, tuple[float, float]] = {}
    edition_from: SnakeCase | None = None
    latest_from: SnakeCase | None = None
    covers: Coverage | None = None
    totals: Totals | None = None
    complete: dict[SnakeCase, Annotated[tuple[Text, ...], Field(min_length=1)]] = {}
    supersedes_by: Literal["edition", "submission_id"] = "edition"
    known_in: dict[SnakeCase, tuple[SnakeCase, ...]] = {}
    known_organisations_from: tuple[SnakeCase, ...] = ()
    refuse_formulas: bool = False
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    calendar: Calendar | None = None
    holds: Holds = Holds()
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
        if self.totals and not (self.totals.columns or self.unpivot):
            raise ValueError("`totals` needs `columns` that must add up, or an `unpivot`")
        return self
