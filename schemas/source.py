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
Format = Literal["csv", "xlsx", "xlsb", "xls", "ods", "json"]
COUNTED_SHAPES = ("provider_counts", "provider_items")
"""Shapes whose figures are released as numerators and denominators of measures, and as nothing else."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SnakeCase = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """Frozen, and refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FilePattern(Strict):
    """One way a publisher has named the file. The pattern is matched against the whole file name.

    Named groups give the edition: `year` or `yy`, `month` (number) or `mon` (English name), `day`, or
    `quarter` (1 to 4) of the financial year that begins in the year, or, for inboxes, `name`; a group `revised`
    marks a file that replaces another of its edition, and `part` tells apart files that make up one edition.
    `known` gives parts of the edition that the name leaves open and that are known from elsewhere.
    `format` says what is inside after unpacking zip or gzip; `member` is a pattern of the path inside a zip
    with several files.
    """

    match: Text
    known: dict[Literal["year", "month", "day", "quarter", "part"], Text] = {}
    member: Text | None = None
    format: Format

    @model_validator(mode="after")
    def _is_a_pattern_with_an_edition(self) -> FilePattern:
        try:
            groups = {*re.compile(self.match).groupindex, *self.known}
        except re.error as error:
            raise ValueError(f"{self.match} is no pattern: {error}") from error
        if not groups & {"year", "yy", "name"}:
            raise ValueError("the pattern needs a group `year`, `yy` or `name` that tells the edition")
        return self


class BodyRows(Strict):
    """One kind of row in a JSON body.

    each: path from the body to the objects that become rows, with `[]` behind a list.
    take: column and where it is found in such an object; `^` goes one object out, and of several places the first
    with a value counts. `list[key=value]` takes the first object of a list in which the path `key` has this value,
    `list[key==other]` the first in which it has the value of `other` beside the list; several such conditions must
    all hold. texts: columns that are the same in all rows of this kind.
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
    otherwise: the texts of the one row of a body without any; without them such a body gives no row.
    needed: columns that must have a value in some body; in a file where they have none, a key was renamed.
    known_keys: all keys, at any depth, that the publisher is known to use: a new one is reported, and if it stands
    in for one that `rows` needs, the file is refused.
    """

    body: dict[SnakeCase, Text | tuple[Text, ...]]
    rows: Annotated[tuple[BodyRows, ...], Field(min_length=1)]
    names: tuple[BodyNames, ...] = ()
    otherwise: dict[SnakeCase, str] = {}
    needed: tuple[SnakeCase, ...] = ()
    known_keys: tuple[Text, ...]


class Layout(Strict):
    """How rows lie in the file.

    kind: `table` (one header row, one record a row), `question_grid` (a question text above groups of
    response columns), `form` (label and value pairs on one sheet, answers on another), `objects` (JSON: one object or
    a list of them, each with its records in a list under the key `records`) or `bodies` (JSON objects, of which
    `bodies` says what becomes a row; `header` are keys that each of them has).
    header: names that mark the header row, wherever it stands. names: column names of a headerless file.
    sheets: patterns; every sheet that matches is read, and each pattern must match at least one. Where names
    changed over time: a list for each edition from which they hold.
    form_labels: labels that must be there. optional_labels: labels that are read where they are there; of `objects`,
    all keys that are read beside those of the records.
    group_row: a row above the header names groups of columns; a column is then called `group: column`.
    labels: texts above the header whose neighbour to the right is wanted, as `@<name>`; `published_on` and
    `revised_on` are days.
    ignore_sheets: patterns of sheets known to hold nothing wanted; any other that is not read is reported.
    """

    kind: Literal["table", "question_grid", "form", "objects", "bodies"] = "table"
    header: tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()
    sheets: tuple[Text, ...] | dict[str, tuple[Text, ...]] = ()
    form_sheet: str | None = None
    form_labels: tuple[Text, ...] = ()
    optional_labels: tuple[Text, ...] = ()
    records: str | None = None
    group_row: bool = False
    labels: dict[SnakeCase, Text] = {}
    bodies: Bodies | None = None
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
        if (self.kind == "bodies") != bool(self.bodies):
            raise ValueError("`bodies` goes with `kind: bodies`, and only with it")
        if (self.kind == "objects") != bool(self.records):
            raise ValueError("`records` goes with `kind: objects`, and only with it")
        return self


class ColumnRule(Strict):
    """How one canonical column comes out of the published ones. Steps are taken in this order.

    source: published names, the first one present is taken; names that begin with `@` come from the
    reader (`@edition`, `@edition_start`, `@edition_end`, `@question`, `@option`, `@name`, `@value`).
    joined: published columns instead, whose texts are joined with ` | `. const: the same text in every row
    instead. optional: the column may be absent.
    blanks: texts that say that nothing is there. fill: text that stands for a blank.
    non_values: marks in place of a value, with the status that each of them means.
    mapping: published text to canonical text. rewrite: pattern to template, for instance `^% (.+)$: \\1`.
    A text that neither knows is rejected. case: upper, lower or snake. formats: strptime formats of a date.
    month_end: move the date to the last day of its month. scale: factor by which a number is multiplied, by the
    value of another column, for instance `statistic: {percent: 100}` where shares are published as fractions.
    """

    source: tuple[Text, ...] = ()
    joined: tuple[Text, ...] = ()
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
    scale: dict[SnakeCase, dict[str, float]] = {}

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
        if [bool(self.source), bool(self.joined), self.const is not None].count(True) != 1:
            raise ValueError("a column comes from `source`, is `joined` or is a `const`, one of the three")
        return self


class ValueNames(Strict):
    """A list of reference data that gives a column's values their names, so that a file may hold either.

    seed: the list. within: columns whose values say which part of the list holds. label: its column of names.
    Understood are the value, the name, and both as in `3 - Progressing`, whatever the case.
    """

    seed: SnakeCase
    within: tuple[SnakeCase, ...]
    label: SnakeCase


class Scope(Strict):
    """Rows of the file that this source is not about: left out by declaration, and counted.

    keep: published column and the texts of rows that stay. filled: published columns that are blank in notes
    below the data.
    """

    keep: dict[Text, tuple[str, ...]] = {}
    filled: tuple[Text, ...] = ()
    reason: Text


class Disclosure(Strict):
    """How the people behind the figures are protected before anything is released.

    rule: `publisher` where the figures are published already: what the publisher suppressed stays so, and nothing is
    added. `consent` where organisations say how far their answers may be shared: dbt counts them. `person_counts`:
    below the national level counts of 1 to `hide_up_to` persons are hidden, others rounded to the nearest `round_to`,
    each total by itself, and percentages worked out from that. `person_counts_exact_totals`: nothing is rounded, and so
    much more is hidden that no total gives a hidden count away.
    """

    rule: Literal["publisher", "consent", "person_counts", "person_counts_exact_totals"]
    hide_up_to: Annotated[int, Field(ge=1)] | None = None
    round_to: Annotated[int, Field(ge=2)] | None = None

    @property
    def is_of_persons(self) -> bool:
        """Whether counts are of persons whom nobody has protected yet."""
        return self.rule in ("person_counts", "person_counts_exact_totals")

    @model_validator(mode="after")
    def _thresholds_go_with_the_rule(self) -> Disclosure:
        if (self.hide_up_to is not None) != self.is_of_persons:
            raise ValueError("`hide_up_to` goes with counts of persons, and only with them")
        if (self.round_to is not None) != (self.rule == "person_counts"):
            raise ValueError("`round_to` goes with `rule: person_counts`, and only with it")
        return self


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


class StatusRule(Strict):
    """Another status for a mark that the publisher uses for two things: where these columns match these patterns."""

    status: ValueStatus
    instead_of: ValueStatus
    where: Annotated[dict[SnakeCase, Text], Field(min_length=1)]
    reason: Text


class Reach(Strict):
    """What the largest value of every group must exceed, so that a changed unit is seen.

    by: columns that make a group. where: columns and the texts of the rows it is about. column: the value.
    """

    column: SnakeCase
    by: Annotated[tuple[SnakeCase, ...], Field(min_length=1)]
    where: dict[SnakeCase, Text] = {}
    above: float


class Expected(Strict):
    """A list of reference data (a seed) that says what every file of an edition must hold.

    edition: the seed's column with the edition. where: the seed's columns and the texts of the rows that count.
    An edition of which the list knows nothing is refused.
    """

    seed: SnakeCase
    edition: SnakeCase
    where: dict[SnakeCase, Text] = {}


class Measure(Strict):
    """An indicator that this source feeds: everything a reader must know to use it.

    exposure: what is at risk, that is what the denominator counts. minimum_denominator: the smallest with which a year
    is compared between organisations; null where any will do. interval_method: `wilson` where numerator and denominator
    count persons or events and chance has a known size. windows_overlap: whether neighbouring periods share days,
    or repeat a figure until there is a new one, so that a series of them has no independent points. shares_data_with:
    measures that are made of some of the same figures, separated by `|`. overlap_rule: what follows from both.
    funnel_group: whom an organisation is compared with, those of its type, or all where the publisher already leaves
    out whoever cannot be compared. rationale: why it is measured. interpretation: what it shows and what it does not
    show. perverse_incentive: what it may tempt organisations to do.
    """

    measure_id: SnakeCase
    measure_name: Text
    outcome_domain: Literal["patient_outcomes", "operations", "staff", "quality_rating", "finance"]
    unit: Literal["percent", "signed_percent", "ratio", "index", "score", "rating"]
    polarity: Literal["higher_is_better", "lower_is_better"]
    numerator_definition: Text
    denominator_definition: Text
    exposure: Text
    minimum_denominator: Annotated[float, Field(gt=0)] | None
    annual_rule: Literal["pooled", "latest", "as_published"]
    interval_method: Literal["wilson", "none"] = "none"
    windows_overlap: bool
    shares_data_with: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\|[a-z0-9_]+)*$")] | None
    overlap_rule: Text
    funnel_group: Literal["organisation_type", "all"] = "organisation_type"
    survey_question: str | None = None
    survey_options: str | None = None
    items: str | None = None
    description: Text
    rationale: Text
    interpretation: Text
    limitations: Text
    perverse_incentive: Text
    review_date: date

    @model_validator(mode="after")
    def _pooled_only_if_apart(self) -> Measure:
        if self.windows_overlap and self.annual_rule == "pooled":
            raise ValueError("periods that overlap cannot be pooled: give another `annual_rule`")
        return self


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
    pages: where to begin, each leads to a file; if none is given, the landing page. follow: a pattern for each step
    from there to the page that links the files. links: patterns of the links to the files; if none is given, those
    whose file name, or whose text, is one of `files`. Patterns are searched in the address of a link and in its
    text. Their groups `year` or `yy`, `month` or `mon`, and `day` tell which is the newest; without groups, the
    first on the page is taken for it.
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
    latest_from: the column whose latest day must be that edition's last, where a file holds several periods.
    covers: the days of `@edition_start` and `@edition_end`, where they are not those of the edition's name.
    totals: total rows among the data. complete: values that a column must hold somewhere in every file, so
    that a renamed part is missed and not left out of a sum. complete_from: the same, by a list for each edition.
    statuses: marks that mean two things. reach: what shows that the unit is the expected one.
    unpivot: columns whose names match this pattern become rows: `@name`, `@value`, and `@<group>` for each
    named group.
    known_in: a list of reference data (a seed of the dbt project) and the columns that must occur in it together;
    a row in which one of them is empty is not looked up.
    named_in: columns whose values may be given by their names, and the list that has the names.
    disclosure: how the people behind its figures are protected.
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
    disclosure: Disclosure

    shape: SnakeCase
    files: Annotated[tuple[FilePattern, ...], Field(min_length=1)]
    layout: Layout | dict[Format, Layout]
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
    complete_from: dict[SnakeCase, Expected] = {}
    statuses: tuple[StatusRule, ...] = ()
    reach: Reach | None = None
    supersedes_by: Literal["edition", "submission_id"] = "edition"
    known_in: dict[SnakeCase, tuple[SnakeCase, ...]] = {}
    named_in: dict[SnakeCase, ValueNames] = {}
    known_organisations_from: tuple[SnakeCase, ...] = ()
    refuse_formulas: bool = False
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    calendar: Calendar | None = None
    holds: Holds = Holds()
    measures: tuple[Measure, ...] = ()

    @model_validator(mode="after")
    def _persons_are_counted(self) -> Source:
        if self.disclosure.is_of_persons and self.shape not in COUNTED_SHAPES:
            raise ValueError(f"only {' and '.join(COUNTED_SHAPES)} hold counts that can be hidden or rounded")
        if self.disclosure.rule == "person_counts_exact_totals" and any(one.windows_overlap for one in self.measures):
            raise ValueError("exact totals of periods that overlap could be subtracted: give `rule: person_counts`")
        return self

    @property
    def published_names(self) -> set[str]:
        """Every name under which one of its columns may stand in a file."""
        return {name for rule in self.columns.values() for name in rule.source}

    def layout_for(self, file_format: str) -> Layout:
        """The layout of a file of this format."""
        return self.layout if isinstance(self.layout, Layout) else self.layout[file_format]

    def member_of(self, file_name: str) -> str | None:
        """The pattern of the path inside a zip of this name; None where a zip holds one file."""
        matching = (pattern for pattern in self.files if re.fullmatch(pattern.match, file_name))
        return next((pattern.member for pattern in matching), None)

    @property
    def reference_lists(self) -> tuple[str, ...]:
        """The seeds that decide what of a file is accepted."""
        rules = (*self.complete_from.values(), *self.named_in.values())
        return (*self.known_in, *(rule.seed for rule in rules))

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
