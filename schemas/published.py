"""What a release promises to its readers: tables, columns, types, keys and the least that must be in them.

Belongs here: the promise, as frozen data; changing it changes what a reader may assume. Does not belong
here: how a table is computed (dbt_project/), how a promise is checked (pipelines/release/rules.py), or any
column that readers must not rely on: a table may hold more columns than it promises, never fewer.

SCHEMA_VERSION is raised when a promised column goes or changes its name, type or meaning; not when one comes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

from schemas.source import ValueStatus

SCHEMA_VERSION = 1

DATA_ORIGINS = {"synthetic": "SYNTHETIC", "published": "published"}
VALUE_STATUSES = get_args(ValueStatus)
STATUSES_WITH_VALUE = ("observed", "provisional", "revised")
ORGANISATION_TYPES = (
    "acute",
    "acute_specialist",
    "mental_health",
    "community",
    "ambulance",
    "icb",
    "other",
    "all",
)
CORRECTION_STATUSES = ("applied", "guard_failed", "no_such_edition", "no_such_cells")
NAMED_SCOPES = ("national_named", "published")
"""Sharing scopes that let readers see which organisation gave an answer."""

OUTCOMES = ("accepted", "held", "dropped", "refused")
"""What can become of a file."""
SUCCESSION_KINDS = (
    "merge_new_code",
    "merge_code_survives",
    "acquire_code_survives",
    "split",
    "partial_transfer",
    "closed_without_successor",
)
ROLL_FORWARD_STATUSES = (
    "is_current",
    "rolled_forward",
    "split_not_rolled",
    "partial_not_rolled",
    "missing_link",
    "cycle_not_rolled",
)

RESPONSE_CHARACTERISTICS = ("total", "organisation_type", "region", "size", "outcome")
EDGE_KINDS = (
    "step",
    "primary_driver",
    "secondary_driver",
    "survey_item",
    "instrument_item",
    "outcome_domain",
    "outcome_measure",
)
"""What the theory of change relates."""

BASES = ("self_assessment", "staff_survey_evidence")
EXPOSURE_KINDS = ("driver", "driver_disjoint", "secondary_driver", "item")
ALIGNMENTS = ("same_year", "outcome_one_year_later", "outcome_one_year_before", "change_on_change")
CHARTS = ("funnel", "xmr")
BANDS = ("above", "within", "below")
SPC_RULES = ("outside_limits", "trend", "two_of_three", "shift")
VARIATIONS = ("common_cause", "improvement_high", "improvement_low", "concern_high", "concern_low")
ASSURANCES = ("consistent_pass", "consistent_fail", "inconsistent")
CHANGES = ("added", "removed", "revised", "changed", "unchanged")
"""What can become of rows from one release to the next."""
CHANGE_REASONS = (
    "self_assessments",
    "deprecation",
    "new_table",
    "new_indicator",
    "new_period",
    "organisation_change",
    "correction",
    "decision",
    "publishers_revision",
    "judged_together",
    "method",
    "unexplained",
    "unchanged",
)
THIRDS = ("lower", "middle", "upper")
POLARITIES = ("higher_is_better", "lower_is_better")
ENGLAND = "ENG"
"""England's `org_code`: a total, so it is not in dim_organisation."""

UNIT_RANGES = {"percent": (0.0, 100.0), "score": (0.0, 10.0), "rating": (1.0, 4.0), "ratio": (0.0, 10.0)}
"""Lowest and highest possible value by `dim_measure.unit`; other units are the publisher's own words."""

PORTABLE_TYPES = ("BIGINT", "BOOLEAN", "DATE", "DOUBLE", "INTEGER", "TIMESTAMP", "VARCHAR")
"""Types that mean the same in DuckDB, parquet, CSV and PostgreSQL. HUGEINT and DECIMAL do not."""

LEAST_PERCENT_OF_LAST_ROWS = 50.0
"""A table that keeps less than this percentage of the rows of the last release must be accepted by name."""

LEAST_PERCENT_OF_TRUSTS = 80.0
"""The percentage of open trusts that must have at least one measure."""


@dataclass(frozen=True)
class Column:
    """One promised column. `lowest` and `highest` are inclusive; `allowed` lists every value it may take."""

    name: str
    type: str
    meaning: str
    nullable: bool = False
    lowest: float | None = None
    highest: float | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One promised table.

    key: columns that identify a row; a null counts as a value. Empty where the publisher itself repeats rows.
    value: the column that is null unless `value_status` is one of STATUSES_WITH_VALUE.
    ordered: pairs of columns of which the first is never greater than the second.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    least_rows: int = 0
    value: str | None = None
    ordered: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Column:
        """The promised column of that name; KeyError if it is not promised."""
        return {column.name: column for column in self.columns}[name]


@dataclass(frozen=True)
class Reference:
    """Every value of `table.column` is found in `target.target_column`, apart from those in `exempt`."""

    table: str
    column: str
    target: str
    target_column: str
    exempt: tuple[str, ...] = ()


def _text(name: str, meaning: str, *, nullable: bool = False, allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, "VARCHAR", meaning, nullable, allowed=allowed)


def _number(name: str, meaning: str, lowest: float | None = None, highest: float | None = None) -> Column:
    return Column(name, "DOUBLE", meaning, nullable=True, lowest=lowest, highest=highest)


def _count(name: str, meaning: str, type_: str = "BIGINT") -> Column:
    return Column(name, type_, meaning, lowest=0)


def _date(name: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name, "DATE", meaning, nullable)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "BOOLEAN", meaning)


def _nullable(column: Column) -> Column:
    return replace(column, nullable=True)


DRIVER_ID = _text("driver_id", "primary driver of the NHS IMPACT driver diagram")
SOURCE_ID = _text("source_id", "source the row comes from")
EDITION = _text("edition", "the publisher's edition; sorts by time")
VINTAGE = _text("vintage", "first 12 hexadecimal digits of the SHA-256 of the file that was read")
OLD_VINTAGE = _text("old_vintage", "vintage of the file that is revised")
NEW_VINTAGE = _text("new_vintage", "vintage of the file that revises")
MEASURE_ID = _text("measure_id", "outcome measure")
ORG_CODE = _text("org_code", "ODS code; ENG is England")
ORG_NAME = _text("org_name", "name as reported; never a key", nullable=True)
ORGANISATION_TYPE = _text("organisation_type", "kind of organisation; all where pooled", allowed=ORGANISATION_TYPES)
REGION_CODE = _text("region_code", "ODS code of the NHS England region", nullable=True)
PERIOD_TYPE = _text("period_type", "month, rolling_year, year_to_date, survey_year, financial_year or as_of")
PERIOD_KEY = _text("period_key", "period in a form that sorts by time")
PERIOD_START = _date("period_start", "first day of the period", nullable=True)
PERIOD_END = _date("period_end", "last day of the period", nullable=True)
PUBLISHED_ON = _date("published_on", "day of publication, where the publisher states it", nullable=True)
NUMERATOR = _number("numerator", "numerator of the measure, in the measure's own units")
DENOMINATOR = _number("denominator", "denominator of the measure, in the measure's own units")
VALUE = _number("value", "the figure: percentages 0-100, scores on the publisher's own scale, ratios around 1")
QUARTER_KEY = _text("quarter_key", "quarter of the financial year that begins in the year, such as 2025-Q4")
FRAMEWORK_VERSION = _text("framework_version", "version of the framework; segments of two are not comparable")
VALUE_STATUS = _text("value_status", "why a figure is or is not shown", allowed=VALUE_STATUSES)
ROLL_FORWARD_STATUS = _text(
    "roll_forward_status", "whether figures follow the organisation to its successor", allowed=ROLL_FORWARD_STATUSES
)
DATA_ORIGIN = _text("data_origin", "SYNTHETIC or published", allowed=tuple(DATA_ORIGINS.values()))
RELEASE_ID = _text("release_id", "release the row belongs to")
ROUND_KEY = _text("round_key", "round of self-assessment; sorts by time")
INSTRUMENT_VERSION = _text("instrument_version", "version of the self-assessment; versions are never mixed")
EXPOSURE_KIND = _text("exposure_kind", "what the exposure is", allowed=EXPOSURE_KINDS)
CELL_REGION = _text("region_code", "ODS code of the NHS England region; all where pooled, or unknown")
NAMED_CODE = _text("org_code", "ODS code; null unless the organisation may be named", nullable=True)
N_SHARED = _nullable(_count("n_shared", "organisations that shared; null where suppressed", "INTEGER"))
N_ELIGIBLE = _count("n_eligible", "organisations that could have shared", "INTEGER")
COVERAGE = _number("coverage_pct", "percentage of the eligible organisations that shared", 0, 100)
SENTENCE = _text("sentence", "the row in words")


def _table(name: str, grain: str, *columns: Column, **promises) -> Table:
    return Table(name, grain, (*columns, DATA_ORIGIN, RELEASE_ID), **promises)


CORE = (
    _table("dim_driver", "primary driver", DRIVER_ID, key=("driver_id",), least_rows=5),
    _table(
        "dim_secondary_driver",
        "secondary driver",
        _text("sd_key", "secondary driver of the NHS IMPACT driver diagram"),
        DRIVER_ID,
        least_rows=15,
    ),
    _table(
        "dim_organisation",
        "version of an organisation",
        ORG_CODE,
        ORG_NAME,
        ORGANISATION_TYPE,
        _date("closed_on", "day the organisation closed; null while it is open", nullable=True),
        _date("valid_from", "first day of this version"),
        _date("valid_to", "day the next version begins; null for the current one", nullable=True),
        _flag("is_current", "whether it is the organisation's newest version"),
        _flag("is_in_ods", "whether the ODS trust file knows it, or only a source that reports on it"),
        key=("org_code", "valid_from"),
        least_rows=100,
    ),
    _table(
        "bridge_organisation_succession",
        "predecessor and successor",
        _text("from_code", "ODS code of the predecessor"),
        _text("to_code", "ODS code of the successor; null where no source names one", nullable=True),
        _date("effective_on", "first day of the successor"),
        _text("kind", "how one followed the other", allowed=SUCCESSION_KINDS),
        _number("weight", "share that went to the successor; null where it is not known", 0, 1),
        _text("sources", "sources that state it, joined by |"),
        _flag("is_recalled", "whether the date comes from memory"),
        _flag("is_verified", "whether a source that was read states it"),
        # Without any list of successions there is nothing to bridge.
        key=("from_code", "to_code"),
    ),
    _table(
        "dim_measure",
        "outcome measure",
        MEASURE_ID,
        _text("measure_name", "name for readers"),
        SOURCE_ID,
        _text("unit", "percent, signed_percent, ratio, index, score or rating"),
        _text("polarity", "which direction is better", allowed=POLARITIES),
        _text("exposure", "what is at risk of the outcome"),
        _flag("windows_overlap", "whether neighbouring periods share days or repeat a figure"),
        _text("overlap_rule", "what must not be added up, averaged or tested together"),
        key=("measure_id",),
        least_rows=9,
    ),
    _table(
        "dim_period",
        "period of one type",
        PERIOD_TYPE,
        PERIOD_KEY,
        PERIOD_START,
        PERIOD_END,
        key=("period_type", "period_key"),
        least_rows=1,
        ordered=(("period_start", "period_end"),),
    ),
    _table(
        "dim_source",
        "source",
        SOURCE_ID,
        _text("source_name", "name for readers"),
        _text("publisher", "who publishes it"),
        _text("licence", "licence of the data", nullable=True),
        _text("attribution", "words the licence asks for", nullable=True),
        _flag("is_restricted", "whether the files as received must not be named or passed on"),
        _flag("is_required", "whether a release may not go out without it"),
        _text("next_edition", "edition that comes after the newest that has arrived", nullable=True),
        _date("next_due_on", "day on which that one is due by the calendar", nullable=True),
        key=("source_id",),
        least_rows=6,
    ),
    _table(
        "fct_measure_values",
        "measure, organisation, period, edition and vintage",
        MEASURE_ID,
        ORG_CODE,
        PERIOD_TYPE,
        PERIOD_KEY,
        EDITION,
        VINTAGE,
        NUMERATOR,
        DENOMINATOR,
        VALUE,
        VALUE_STATUS,
        PUBLISHED_ON,
        key=("measure_id", "org_code", "period_type", "period_key", "edition", "vintage"),
        least_rows=1000,
        value="value",
    ),
    _table(
        "fct_survey_results",
        "organisation, question, response option, edition and vintage",
        EDITION,
        VINTAGE,
        ORG_CODE,
        _text("question_id", "question in lower case, such as q3f"),
        _text("response_option", "the published label of the column"),
        _text("statistic", "percent, score or base"),
        VALUE,
        VALUE_STATUS,
        key=("edition", "vintage", "org_code", "question_id", "response_option"),
        least_rows=10_000,
        value="value",
    ),
    _table(
        "dim_survey_question",
        "question or score of the staff survey, and survey year",
        _text("concept", "what is asked, followed through the years"),
        Column("survey_year", "INTEGER", "year of the survey"),
        _text("question_id", "number in that year, such as q3f; null where it was not asked", nullable=True),
        _flag("is_collected", "whether it was asked in that year"),
        Column("comparable_from", "INTEGER", "first year from which figures can be compared"),
        key=("concept", "survey_year"),
        least_rows=500,
    ),
    _table(
        "fct_survey_benchmarks",
        "organisation, survey year, question, statistic, release and vintage",
        _text("edition", "year of the release; figures are compared within one release"),
        VINTAGE,
        Column("survey_year", "INTEGER", "year of the survey"),
        ORG_CODE,
        _text("question_id", "question by its number in the release"),
        _text("statistic", "percent, score or base"),
        VALUE,
        VALUE_STATUS,
        # The source is not required, so no least number of rows is promised.
        key=("edition", "vintage", "survey_year", "org_code", "question_id", "statistic"),
        value="value",
    ),
    _table(
        "fct_cqc_ratings",
        "location or provider, service group and domain, as published (the publisher repeats some)",
        EDITION,
        VINTAGE,
        _text("rated_level", "location or provider"),
        _text("rated_code", "CQC's code of what is rated"),
        _text("location_code", "CQC's code of the location; null for a provider", nullable=True),
        _text("framework", "CQC's framework, or not_stated"),
        _text("service_group", "group of services that was rated"),
        _text("domain", "Overall or one of the five key questions"),
        _text("rating", "the published word"),
        VALUE_STATUS,
        least_rows=1000,
    ),
    _table(
        "fct_standardised_ratios",
        "measure, trust, window of twelve months, edition and vintage",
        MEASURE_ID,
        ORG_CODE,
        PERIOD_KEY,
        EDITION,
        VINTAGE,
        _number("observed", "deaths observed", 0),
        _number("expected", "deaths expected", 0),
        VALUE,
        VALUE_STATUS,
        _text("banding", "the publisher's own band; null where suppressed", nullable=True),
        _number("od_lower_limit", "lower 95 % limit with over-dispersion, as published", 0),
        _number("od_upper_limit", "upper 95 % limit with over-dispersion, as published", 0),
        # A source that no release needs: there may be no rows.
        key=("measure_id", "org_code", "period_key", "edition", "vintage"),
        value="value",
        ordered=(("od_lower_limit", "od_upper_limit"),),
    ),
    _table(
        "fct_oversight_metrics",
        "trust, quarter, metric, unit, edition and vintage",
        QUARTER_KEY,
        FRAMEWORK_VERSION,
        ORG_CODE,
        _text("metric_id", "the publisher's identifier of the metric"),
        _text("metric_unit", "unit in the publisher's words"),
        EDITION,
        VINTAGE,
        _number("value", "the figure, in the metric's own unit; it may be negative"),
        VALUE_STATUS,
        key=("quarter_key", "org_code", "metric_id", "metric_unit", "edition", "vintage"),
        value="value",
    ),
    _table(
        "fct_oversight_positions",
        "trust, quarter, edition and vintage",
        QUARTER_KEY,
        FRAMEWORK_VERSION,
        ORG_CODE,
        EDITION,
        VINTAGE,
        _number("average_score", "mean of the metric scores; 1 is the best", 1, 4),
        VALUE_STATUS,
        _nullable(_count("segment", "segment; 1 is the best", "INTEGER")),
        _nullable(_count("position", "rank among trusts of the type; 1 is the best", "INTEGER")),
        _nullable(_count("position_low", "best rank of the likely range", "INTEGER")),
        _nullable(_count("position_high", "worst rank of the likely range", "INTEGER")),
        key=("quarter_key", "org_code", "edition", "vintage"),
        value="average_score",
        ordered=(("position_low", "position"), ("position", "position_high")),
    ),
)

PUBLISHED = (
    _table(
        "pub_driver_maturity",
        "driver, round, organisation type, region and, where it may be named, organisation",
        DRIVER_ID,
        ROUND_KEY,
        INSTRUMENT_VERSION,
        ORGANISATION_TYPE,
        CELL_REGION,
        NAMED_CODE,
        ORG_NAME,
        N_SHARED,
        _nullable(_count("n_eligible", "organisations that could have shared", "INTEGER")),
        COVERAGE,
        _number("median_level", "median level of maturity"),
        _number("share_at_or_above_3", "percentage at level 3 or above; null where few are or are not", 0, 100),
        VALUE_STATUS,
        SENTENCE,
        # Sharing is voluntary: there may be no round yet, so no least number of rows is promised.
        key=("driver_id", "round_key", "instrument_version", "organisation_type", "region_code", "org_code"),
        value="median_level",
    ),
    _table(
        "pub_driver_evidence",
        "driver, organisation, survey year and mapping version",
        DRIVER_ID,
        ORG_CODE,
        ORG_NAME,
        ORGANISATION_TYPE,
        REGION_CODE,
        PERIOD_KEY,
        _text("mapping_version", "version of the map from items to drivers"),
        _number("score", "mean of the percentages positive; null unless every item is shown", 0, 100),
        _number("rival_score", "the score under the rival map; null unless every item of it is shown", 0, 100),
        _count("items_shown", "items with a figure", "INTEGER"),
        _count("items_expected", "items of the driver in that survey year", "INTEGER"),
        VALUE_STATUS,
        key=("driver_id", "org_code", "period_key", "mapping_version"),
        least_rows=500,
        value="score",
        ordered=(("items_shown", "items_expected"),),
    ),
    _table(
        "pub_measure_values",
        "measure, organisation and period, latest vintage",
        MEASURE_ID,
        ORG_CODE,
        ORG_NAME,
        ORGANISATION_TYPE,
        PERIOD_TYPE,
        PERIOD_KEY,
        PERIOD_START,
        PERIOD_END,
        NUMERATOR,
        DENOMINATOR,
        VALUE,
        VALUE_STATUS,
        PUBLISHED_ON,
        key=("measure_id", "org_code", "period_type", "period_key"),
        least_rows=1000,
        value="value",
        ordered=(("period_start", "period_end"),),
    ),
    _table(
        "pub_measure_values_todays_footprint",
        "measure, organisation of today and period, latest vintage",
        MEASURE_ID,
        ORG_CODE,
        ORG_NAME,
        ORGANISATION_TYPE,
        PERIOD_TYPE,
        PERIOD_KEY,
        PERIOD_START,
        PERIOD_END,
        NUMERATOR,
        DENOMINATOR,
        VALUE,
        VALUE_STATUS,
        _count("n_organisations_combined", "reported organisations in the row", "INTEGER"),
        _text("combined_from", "their codes, joined by |"),
        ROLL_FORWARD_STATUS,
        PUBLISHED_ON,
        key=("measure_id", "org_code", "period_type", "period_key"),
        least_rows=1000,
        value="value",
        ordered=(("period_start", "period_end"),),
    ),
    _table(
        "pub_organisation_history",
        "organisation, event, day and other party",
        _text("org_code", "ODS code of the organisation"),
        ORG_NAME,
        _text("event", "what happened"),
        _date("event_on", "day on which it happened or was first seen", nullable=True),
        _text("from_code", "code before it", nullable=True),
        _text("to_code", "code after it", nullable=True),
        _text("today_code", "ODS code of the organisation that holds it today", nullable=True),
        _nullable(ROLL_FORWARD_STATUS),
        _text("sentence", "the row in words"),
        _text("evidence", "what it rests on", nullable=True),
        _text("source_id", "sources of it, joined by |"),
        _flag("is_recalled", "whether the date comes from memory"),
        key=("org_code", "event", "event_on", "from_code", "to_code"),
        least_rows=100,
    ),
    _table(
        "pub_driver_outcome_association",
        "basis, exposure, measure, organisation type, alignment and pair of periods",
        _text("basis", "self_assessment or staff_survey_evidence", allowed=BASES),
        _text("exposure_kind", "what the exposure is", allowed=EXPOSURE_KINDS),
        DRIVER_ID,
        _text("exposure_id", "driver, secondary driver, item, or driver without the items of the measure"),
        MEASURE_ID,
        ORGANISATION_TYPE,
        _text("alignment", "how the two periods lie to each other", allowed=ALIGNMENTS),
        _text("exposure_period_key", "period of the exposure", nullable=True),
        _text("outcome_period_key", "period of the outcome", nullable=True),
        _nullable(_count("n", "organisations with both figures; rounded or null where it would tell who shared")),
        _nullable(_count("eligible_n", "organisations that could have had both")),
        _number("rho", "Spearman's rho, pooled over types for all; positive: more maturity goes with better", -1, 1),
        _number("rho_low", "lower end of the 95 % interval of rho", -1, 1),
        _number("rho_high", "upper end of the 95 % interval of rho", -1, 1),
        _number("raw_rho", "rho with the plain sign of the measure", -1, 1),
        _number("tau_b", "Kendall's tau-b, signed as rho", -1, 1),
        _number("somers_d", "Somers' D of the outcome given the exposure, signed as rho", -1, 1),
        _number("p_value", "two-sided p of rho", 0, 1),
        _number("q_value", "p adjusted over its family by Benjamini and Hochberg", 0, 1),
        _nullable(_count("n_types", "types of organisation that the estimate rests on")),
        _number("unstratified_rho", "of all, rho over all organisations at once, signed as rho", -1, 1),
        _number("heterogeneity_p", "p of Cochran's Q over types", 0, 1),
        _number("i_squared", "share of the differences between types that chance does not explain", 0, 1),
        _number("bootstrap_low", "lower end of the 95 % bootstrap interval of rho", -1, 1),
        _number("bootstrap_high", "upper end of the 95 % bootstrap interval of rho", -1, 1),
        _number("without_region_low", "least rho with one region left out", -1, 1),
        _number("without_region_high", "greatest rho with one region left out", -1, 1),
        _number("prior_adjusted_rho", "rho given the prior value of the outcome", -1, 1),
        _number("adjusted_rho", "rho given what adjusted_for names", -1, 1),
        _number("adjusted_rho_low", "lower end of the 95 % interval of adjusted_rho", -1, 1),
        _number("adjusted_rho_high", "upper end of the 95 % interval of adjusted_rho", -1, 1),
        _text("adjusted_for", "what is adjusted for, joined by |", nullable=True),
        _number("trend_p_value", "two-sided p of an ordered trend over fifths of the evidence", 0, 1),
        _number("odds_ratio", "of a better rating, for one standard deviation more of the exposure", 0),
        _number("odds_ratio_low", "lower end of the 95 % interval of odds_ratio", 0),
        _number("odds_ratio_high", "upper end of the 95 % interval of odds_ratio", 0),
        _number("weighted_rho", "rho weighted by the inverse probability of sharing", -1, 1),
        _number("rival_rho", "rho under the rival map of items to drivers", -1, 1),
        _flag("is_circular", "whether exposure and outcome share items"),
        _flag("is_negative_control", "whether the outcome came before the assessment"),
        _text("shared_items", "the items they share", nullable=True),
        _text("insufficient_reason", "why there is no estimate; null where there is", nullable=True),
        _text("family_id", "family of tests the q belongs to", nullable=True),
        _text("sentence", "the row in words"),
        key=(
            "basis",
            "driver_id",
            "exposure_id",
            "measure_id",
            "organisation_type",
            "alignment",
            "exposure_period_key",
            "outcome_period_key",
        ),
        least_rows=1,
        ordered=(
            ("rho_low", "rho"),
            ("rho", "rho_high"),
            ("bootstrap_low", "bootstrap_high"),
            ("without_region_low", "without_region_high"),
            ("adjusted_rho_low", "adjusted_rho"),
            ("adjusted_rho", "adjusted_rho_high"),
            ("odds_ratio_low", "odds_ratio"),
            ("odds_ratio", "odds_ratio_high"),
        ),
    ),
    _table(
        "pub_source_status",
        "source, edition, vintage and outcome; none of a restricted source",
        SOURCE_ID,
        EDITION,
        VINTAGE,
        _flag("is_latest_vintage", "whether it is the newest file of its edition"),
        _text("outcome", "what became of the file", allowed=OUTCOMES),
        _text("reason", "why it was refused or is held", nullable=True),
        _text("decision", "what a person decided on it", nullable=True, allowed=("accept", "drop")),
        _text("decision_reason", "why it was decided so", nullable=True),
        _flag("is_unchanged", "whether it says the same as the file in use"),
        _nullable(_count("rows_read", "rows in the file")),
        _nullable(_count("rows_accepted", "rows taken")),
        _nullable(_count("rows_rejected", "rows set aside with a reason")),
        _nullable(_count("rows_out_of_scope", "rows this product does not use")),
        PUBLISHED_ON,
        _text("published_basis", "what that day rests on", nullable=True, allowed=("file", "fetch", "calendar")),
        _date("due_on", "day on which it was due by the calendar", nullable=True),
        key=("source_id", "edition", "vintage", "outcome"),
        least_rows=5,
    ),
    _table(
        "pub_response_bias",
        "round, characteristic and category, of those that shared against those that did not",
        _text("round_key", "round of assessment; sorts by time"),
        _text("characteristic", "what they are compared in", allowed=RESPONSE_CHARACTERISTICS),
        _text("category", "all, organisation type, region, size or outcome measure"),
        _count("n_eligible", "organisations that could have shared; of outcomes, those with the figure", "INTEGER"),
        _nullable(_count("n_shared", "organisations that shared, rounded to 5; null where suppressed", "INTEGER")),
        _number("coverage_pct", "percentage that shared, from the rounded count", 0, 100),
        _number("figure_shared", "percentage or mean of those that shared"),
        _number("figure_not_shared", "percentage or mean of the others"),
        _number("standardised_difference", "sharers less others, in standard deviations, rounded to 0.1"),
        VALUE_STATUS,
        _text("sentence", "the row in words"),
        key=("round_key", "characteristic", "category"),
        value="n_shared",
    ),
    _table(
        "pub_revisions",
        "vintage that says something else than an earlier one of its edition",
        SOURCE_ID,
        EDITION,
        OLD_VINTAGE,
        NEW_VINTAGE,
        _flag("is_announced", "whether the file or its name says that it is a revision"),
        _count("rows_added", "rows that only the newer file has"),
        _count("rows_removed", "rows that only the older file has"),
        _count("rows_changed", "rows that differ in more than names"),
        _count("rows_relabelled", "rows that differ in names only"),
        _count("organisations", "organisations with a row added, removed or changed"),
        _text("largest", "the largest changes of a number, in words", nullable=True),
        PUBLISHED_ON,
        key=("source_id", "edition", "new_vintage"),
    ),
    _table(
        "pub_value_revisions",
        "measure, organisation, period and revising vintage",
        MEASURE_ID,
        ORG_CODE,
        PERIOD_TYPE,
        PERIOD_KEY,
        SOURCE_ID,
        EDITION,
        OLD_VINTAGE,
        NEW_VINTAGE,
        _number("old_value", "the figure before; null where there was none"),
        _number("new_value", "the figure since; null where there is none"),
        _text("old_value_status", "its status before; null where there was no row", nullable=True),
        _text("new_value_status", "its status since; null where there is no row", nullable=True),
        key=("measure_id", "org_code", "period_type", "period_key", "edition", "new_vintage"),
    ),
    _table(
        "pub_suspected_defects",
        "check, subject and response option in one vintage of one edition",
        SOURCE_ID,
        EDITION,
        VINTAGE,
        _text("check_id", "the check that found it"),
        _text("subject", "what is suspected"),
        _text("response_option", "the published label of the column"),
        _text("finding", "what was found"),
        _count("cells_affected", "cells concerned"),
        _text("action", "what was done with them"),
        _text("correction_id", "entry of the corrections ledger that is applied", nullable=True),
        key=("source_id", "edition", "vintage", "check_id", "subject", "response_option"),
    ),
    _table(
        "pub_corrections",
        "entry of the corrections ledger, edition and vintage",
        _text("correction_id", "entry of the ledger"),
        SOURCE_ID,
        EDITION,
        _nullable(VINTAGE),
        _text("action", "what the entry does", allowed=("withhold", "replace", "flag")),
        _text("status", "what became of it", allowed=CORRECTION_STATUSES),
        _count("cells_affected", "cells concerned"),
        _text("wrong", "what is wrong in the published data"),
        _text("evidence", "how that is known"),
        _text("todo", "what is to be done about it"),
        key=("correction_id", "edition", "vintage"),
    ),
    _table(
        "pub_survey_national",
        "area, survey year, question and response option, newest vintage",
        Column("survey_year", "INTEGER", "year of the survey"),
        _text("area_code", "ODS code of the NHS England region; ENG is England", nullable=True),
        _text("area_name", "England, or the region as published"),
        _text("question_id", "question in lower case, such as q3f"),
        _text("concept", "what is asked, followed through the years", nullable=True),
        _text("response_option", "the published label of the column"),
        _text("statistic", "percent, score or base"),
        VALUE,
        VALUE_STATUS,
        # The source is not required, so no least number of rows is promised.
        key=("survey_year", "area_name", "question_id", "response_option"),
        value="value",
    ),
    _table(
        "pub_maturity_responses",
        "organisation that may be named, round and item",
        ORG_CODE,
        ORG_NAME,
        _text("instrument_version", "version of the self-assessment"),
        _text("round_key", "round of self-assessment; sorts by time"),
        _text("sharing_scope", "how far the organisation shares its answers", allowed=NAMED_SCOPES),
        _text("item_id", "item of the self-assessment"),
        _nullable(_count("level", "level chosen; null where not answered", "INTEGER")),
        VALUE_STATUS,
        key=("org_code", "instrument_version", "round_key", "item_id"),
        value="level",
    ),
    _table(
        "pub_national_context",
        "national indicator and year",
        _text("indicator_id", "national indicator"),
        _count("indicator_year", "year of the figure", "INTEGER"),
        VALUE,
        VALUE_STATUS,
        _text("unit", "unit of the figure"),
        _text("population", "whom it is about"),
        _count("comparable_from_year", "first year since which figures are comparable with this one", "INTEGER"),
        _text("break_in_series", "why earlier figures are not comparable", nullable=True),
        _text("source_text", "where the figure was published"),
        _text("note", "what a reader must know"),
        _text("sentence", "the row in words"),
        key=("indicator_id", "indicator_year"),
        value="value",
    ),
    _table(
        "pub_maturity_distribution",
        "driver or secondary driver, round, instrument version, organisation type, region and level",
        EXPOSURE_KIND,
        _text("exposure_id", "driver or secondary driver"),
        DRIVER_ID,
        ROUND_KEY,
        INSTRUMENT_VERSION,
        ORGANISATION_TYPE,
        CELL_REGION,
        _count("level", "level of the instrument, from 1", "INTEGER"),
        _nullable(_count("n_at_level", "organisations at the level; null where suppressed", "INTEGER")),
        _number("share_at_level", "percentage of those that shared at the level", 0, 100),
        _number("share_at_or_above", "percentage of those that shared at the level or above", 0, 100),
        N_SHARED,
        N_ELIGIBLE,
        COVERAGE,
        _count("items", "items that the level rests on", "INTEGER"),
        VALUE_STATUS,
        SENTENCE,
        key=(
            "exposure_kind",
            "exposure_id",
            "round_key",
            "instrument_version",
            "organisation_type",
            "region_code",
            "level",
        ),
        value="n_at_level",
        ordered=(("n_at_level", "n_shared"), ("n_shared", "n_eligible"), ("share_at_level", "share_at_or_above")),
    ),
    _table(
        "pub_maturity_change",
        "driver or secondary driver, two rounds and versions, type, region and, where it may be named, organisation",
        EXPOSURE_KIND,
        _text("exposure_id", "driver or secondary driver"),
        DRIVER_ID,
        ROUND_KEY,
        INSTRUMENT_VERSION,
        _text("previous_round_key", "round that is compared with"),
        _text("previous_instrument_version", "version of the self-assessment in that round"),
        ORGANISATION_TYPE,
        CELL_REGION,
        NAMED_CODE,
        ORG_NAME,
        _nullable(_count("n_both", "organisations that shared both rounds; null where suppressed", "INTEGER")),
        N_ELIGIBLE,
        _nullable(_count("n_improved", "of those, with a higher mean level than before; null where few", "INTEGER")),
        _nullable(_count("n_same", "of those, with the same mean level; null where few", "INTEGER")),
        _nullable(_count("n_worsened", "of those, with a lower mean level than before; null where few", "INTEGER")),
        _number("median_change", "median change in mean level, in levels"),
        _count("items_compared", "items that both rounds asked alike", "INTEGER"),
        _count("items_expected", "items of the exposure", "INTEGER"),
        VALUE_STATUS,
        SENTENCE,
        key=(
            "exposure_kind",
            "exposure_id",
            "round_key",
            "instrument_version",
            "previous_round_key",
            "previous_instrument_version",
            "organisation_type",
            "region_code",
            "org_code",
        ),
        value="median_change",
        ordered=(("n_both", "n_eligible"), ("items_compared", "items_expected")),
    ),
    _table(
        "pub_maturity_agreement",
        "evidence basis, driver, round, version, type, region and, where it may be named, organisation",
        _text("evidence_basis", "what the self-rating is compared with", allowed=("staff_survey", "cqc_well_led")),
        DRIVER_ID,
        ROUND_KEY,
        INSTRUMENT_VERSION,
        ORGANISATION_TYPE,
        CELL_REGION,
        NAMED_CODE,
        ORG_NAME,
        N_SHARED,
        N_ELIGIBLE,
        _number("mean_level", "mean level of the named organisation", 1, 5),
        _text("self_third", "third of the self-rating", nullable=True, allowed=THIRDS),
        _number("evidence_value", "evidence score in percent, or rating from 1 to 4"),
        _nullable(_count("evidence_age_days", "days from the rating to the assessment", "INTEGER")),
        _text("evidence_third", "third of the evidence", nullable=True, allowed=THIRDS),
        _text("self_rating_is", "against the evidence", nullable=True, allowed=("above", "in_line", "below")),
        _number("share_above", "percentage above the evidence, to the nearest five; null where few", 0, 100),
        _number("share_in_line", "percentage in line with it, to the nearest five; null where few", 0, 100),
        _number("share_below", "percentage below it, to the nearest five; null where few", 0, 100),
        VALUE_STATUS,
        SENTENCE,
        key=(
            "evidence_basis",
            "driver_id",
            "round_key",
            "instrument_version",
            "organisation_type",
            "region_code",
            "org_code",
        ),
        ordered=(("n_shared", "n_eligible"),),
    ),
    _table(
        "pub_outcome_by_maturity_level",
        "basis, exposure, measure, alignment, instrument version, organisation type and level",
        _text("basis", "self_assessment or staff_survey_evidence", allowed=BASES),
        EXPOSURE_KIND,
        _text("exposure_id", "driver, secondary driver, item, or driver without the items of the measure"),
        DRIVER_ID,
        MEASURE_ID,
        _text("alignment", "how the two periods lie to each other", allowed=ALIGNMENTS),
        _text("exposure_period_key", "period of the exposure"),
        _text("outcome_period_key", "period of the outcome"),
        _nullable(INSTRUMENT_VERSION),
        ORGANISATION_TYPE,
        _count("level", "fifth of the evidence, or level of the instrument", "INTEGER"),
        _nullable(_count("n", "organisations at the level, to the nearest 5 if self-assessed; or null", "INTEGER")),
        _number("outcome_median", "median of the outcome, in the measure's own unit"),
        _number("outcome_lower_quartile", "lower quartile of the outcome"),
        _number("outcome_upper_quartile", "upper quartile of the outcome"),
        _number("outcome_median_low", "lower end of the 95 % interval of the median"),
        _number("outcome_median_high", "upper end of the 95 % interval of the median"),
        _flag("is_difference", "whether outcomes are differences from the median of their type"),
        _flag("is_blurred", "whether outcomes are means of at least five organisations"),
        VALUE_STATUS,
        SENTENCE,
        key=(
            "basis",
            "exposure_id",
            "measure_id",
            "alignment",
            "instrument_version",
            "organisation_type",
            "level",
        ),
        value="outcome_median",
        ordered=(
            ("outcome_lower_quartile", "outcome_median"),
            ("outcome_median", "outcome_upper_quartile"),
            ("outcome_median_low", "outcome_median"),
            ("outcome_median", "outcome_median_high"),
        ),
    ),
    _table(
        "pub_maturity_items",
        "instrument version, round and item, over all eligible organisations",
        _text("instrument_family", "instrument, whatever its version"),
        _text("instrument_version", "version of the instrument"),
        _text("round_key", "round of assessment; sorts by time"),
        _text("item_id", "item of the instrument"),
        _nullable(_count("n_shared", "organisations that shared a level; null where suppressed", "INTEGER")),
        _count("n_eligible", "organisations that could have shared", "INTEGER"),
        _number("median_level", "median level on the instrument's own scale"),
        VALUE_STATUS,
        key=("instrument_version", "round_key", "item_id"),
        value="median_level",
        ordered=(("n_shared", "n_eligible"),),
    ),
    _table(
        "pub_theory_of_change",
        "two parts of the driver diagram, its evidence or its outcomes, and how they are related",
        _text("from_kind", "what the edge begins at", allowed=EDGE_KINDS),
        _text("from_id", "its key"),
        _text("from_label", "its name for readers"),
        _text("relation", "how the two are related"),
        _text("to_kind", "what the edge leads to", allowed=EDGE_KINDS),
        _text("to_id", "its key"),
        _text("to_label", "its name for readers"),
        _text("mapping_version", "version of the map that says so", nullable=True),
        _number("confidence", "how sure it is, where the map says", 0, 1),
        Column("verified", "BOOLEAN", "whether a text that was read states it; null for what is tested", nullable=True),
        key=("from_kind", "from_id", "relation", "to_kind", "to_id"),
        least_rows=50,
    ),
    _table(
        "pub_variation",
        "chart, measure, organisation and period; or chart, measure and reason for no chart",
        _text("chart", "funnel compares organisations, xmr one organisation over time", allowed=CHARTS),
        MEASURE_ID,
        _text("org_code", "ODS code as reported; ENG is England; null where there is no chart", nullable=True),
        ORG_NAME,
        _nullable(ORGANISATION_TYPE),
        _text("comparison_group", "whom a funnel compares with; null in an XmR chart", nullable=True),
        _nullable(PERIOD_TYPE),
        _nullable(PERIOD_KEY),
        NUMERATOR,
        DENOMINATOR,
        VALUE,
        VALUE_STATUS,
        _number("centre_line", "pooled share of the group, 1 for a ratio, or mean of the series"),
        _number("lower_limit_95", "lower 95 % limit of the funnel, with over-dispersion"),
        _number("upper_limit_95", "upper 95 % limit of the funnel, with over-dispersion"),
        _number("lower_limit_998", "lower 99.8 % limit of the funnel, with over-dispersion"),
        _number("upper_limit_998", "upper 99.8 % limit of the funnel, with over-dispersion"),
        _number("tau_squared", "variance between organisations beyond chance", 0),
        _number("phi", "mean squared z of the group; 1 where chance alone is at work", 0),
        _text("band", "where the figure lies against the 95 % limits", nullable=True, allowed=BANDS),
        _text("band_998", "where the figure lies against the 99.8 % limits", nullable=True, allowed=BANDS),
        _number("lower_process_limit", "lower process limit of the series"),
        _number("upper_process_limit", "upper process limit of the series"),
        _text("rule", "first rule of Making Data Count that holds", nullable=True, allowed=SPC_RULES),
        _text("variation", "kind of variation at the point", nullable=True, allowed=VARIATIONS),
        _number("target", "standard that applies to the period"),
        _text("assurance", "whether the standard can be expected to be met", nullable=True, allowed=ASSURANCES),
        _text("rebased_on", "first period of the limits, where they were rebased", nullable=True),
        _text("rebase_reason", "why the limits begin anew", nullable=True),
        _text("not_charted_reason", "why there is no chart; null where there is one", nullable=True),
        _text("sentence", "the row in words; of a series only at its newest point", nullable=True),
        key=("chart", "measure_id", "org_code", "period_type", "period_key", "not_charted_reason"),
        least_rows=1,
        value="value",
        ordered=(
            ("lower_limit_998", "lower_limit_95"),
            ("lower_limit_95", "centre_line"),
            ("centre_line", "upper_limit_95"),
            ("upper_limit_95", "upper_limit_998"),
            ("lower_process_limit", "upper_process_limit"),
        ),
    ),
)

RELEASE_INFO = Table(
    "release_info",
    "release; one row",
    (
        RELEASE_ID,
        Column("schema_version", "INTEGER", "version of these promises"),
        Column("built_at", "TIMESTAMP", "when the release was built, UTC"),
        _flag("is_synthetic", "whether every figure is invented"),
        _text("code_version", "version of the code that built it"),
        _date("as_at", "day whose knowledge it holds; null for all that is known", nullable=True),
    ),
    least_rows=1,
)
DICTIONARY = Table(
    "dictionary",
    "table and column of the release",
    (
        _text("table_name", "table"),
        _text("column_name", "column"),
        _text("data_type", "type in DuckDB"),
        _text("description", "meaning and unit; null where nobody has written it yet", nullable=True),
    ),
    key=("table_name", "column_name"),
    least_rows=1,
)
RELEASE_CHANGES = _table(
    "pub_release_changes",
    "table, indicator or driver, kind of change and reason; none in the first release",
    _text("table_name", "table whose rows differ from the last release; all where no row does"),
    _text(
        "indicator_id", "measure, driver or question the rows are about; null where the table has none", nullable=True
    ),
    _text("change", "what became of the rows; changed where they rest on self-assessments", allowed=CHANGES),
    _text("reason", "why they differ, by rule", allowed=CHANGE_REASONS),
    _count("n_rows", "rows that differ; of self-assessments, rows that this release shows"),
    _count("n_values", "of those, rows whose figure itself differs"),
    _nullable(_count("n_organisations", "organisations of those rows, without England; null for self-assessments")),
    _number("largest_movement", "the figure that moved furthest: new less old, in its own unit"),
    _text("largest_in", "key of the row it is in", nullable=True),
    _number("england_movement", "England's figure that moved furthest: new less old, in its own unit"),
    _nullable(_count("rows_before", "rows of the indicator in the last release; null for tables that follow others")),
    _nullable(_count("organisations_before", "organisations of the indicator in the last release")),
    _nullable(_count("organisations_after", "organisations of the indicator in this release")),
    _nullable(_count("periods_before", "periods of the indicator in the last release")),
    _nullable(_count("periods_after", "periods of the indicator in this release")),
    _text("unit", "unit of the figure", nullable=True),
    _text("explanation", "what a person wrote about a large movement", nullable=True),
    _text("release_from", "release that this one is compared with"),
    SENTENCE,
    key=("table_name", "indicator_id", "change", "reason"),
)

TABLES = (*CORE, *PUBLISHED, RELEASE_CHANGES, RELEASE_INFO, DICTIONARY)

REFERENCES = (
    Reference("pub_measure_values", "org_code", "dim_organisation", "org_code", exempt=(ENGLAND,)),
    Reference("pub_measure_values", "measure_id", "dim_measure", "measure_id"),
    Reference("fct_measure_values", "measure_id", "dim_measure", "measure_id"),
    Reference("pub_measure_values_todays_footprint", "measure_id", "dim_measure", "measure_id"),
    Reference("pub_driver_evidence", "driver_id", "dim_driver", "driver_id"),
    Reference("pub_driver_maturity", "driver_id", "dim_driver", "driver_id"),
    Reference("pub_maturity_agreement", "driver_id", "dim_driver", "driver_id"),
    Reference("pub_maturity_change", "driver_id", "dim_driver", "driver_id"),
    Reference("pub_maturity_distribution", "driver_id", "dim_driver", "driver_id"),
    Reference("pub_outcome_by_maturity_level", "measure_id", "dim_measure", "measure_id"),
    Reference("pub_driver_outcome_association", "driver_id", "dim_driver", "driver_id"),
    Reference("pub_driver_outcome_association", "measure_id", "dim_measure", "measure_id"),
    Reference("pub_source_status", "source_id", "dim_source", "source_id"),
    Reference("pub_variation", "measure_id", "dim_measure", "measure_id"),
)


def table(name: str) -> Table | None:
    """The promise of the table of that name, or None where a table is released without one."""
    return {promised.name: promised for promised in TABLES}.get(name)
