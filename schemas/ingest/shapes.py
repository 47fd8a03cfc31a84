"""One pandera model for each shape of data, and the columns that make it up.

Belongs here: what must hold of one staged row, and of one value in it, whatever the publisher.
Does not belong here: a narrower range for one source (its YAML), rules across sources (dbt).
Validate eager frames only, through pipelines/harmonise/door.py: pandera skips values on a LazyFrame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import pandera.polars as pa
import polars as pl

from schemas.fields import FIELDS
from schemas.published import SUCCESSION_KINDS
from schemas.source import ValueStatus

CODE = r"^[A-Z0-9]{3,10}$"
REGION = r"^[A-Z0-9]{3}$"
QUARTER = r"^\d{4}-Q[1-4]$"
# With a digit, so that no word can stand here.
PART = r"^[A-Z0-9]*[0-9][A-Z0-9]*$"
MAY_BE_EMPTY = {
    "region_code",
    "region_name",
    "icb_code",
    "icb_name",
    "postcode",
    "opened_on",
    "closed_on",
    "published_value",
    "commissioner_code",
    "from_weeks",
    "to_weeks",
    "location_ods_code",
    "item_id",
    "level",
    "org_name",
    "value",
    "numerator",
    "denominator",
    "pathway_count",
    "category",
    "to_code",
    "change_kind",
    "evidence",
    "spells",
    "observed",
    "expected",
    "banding",
    "po_lower_limit",
    "po_upper_limit",
    "od_lower_limit",
    "od_upper_limit",
    "median_value",
    "lower_quartile",
    "upper_quartile",
    "position",
    "average_score",
    "score_range_text",
    "score_low",
    "score_high",
    "segment",
    "is_in_deficit",
    "position_range_text",
    "position_low",
    "position_high",
    "unit_code",
}


@dataclass(frozen=True)
class Shape:
    """Columns of a staged table, after its provenance.

    checks: on one column's values. rows: over several columns of a row. optional: columns that may be empty here.
    value: the column whose emptiness `value_status` explains, if the shape has one.
    hashed: columns that are a hash of others, so that no YAML gives them.
    is_corrected: whether the models apply the corrections ledger to tables of this shape.
    """

    columns: tuple[str, ...]
    checks: dict[str, tuple[pa.Check, ...]]
    rows: tuple[pa.Check, ...] = ()
    value: str | None = None
    optional: frozenset[str] = frozenset()
    hashed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_corrected: bool = False

    def model(self) -> pa.DataFrameSchema:
        """The pandera model: types, emptiness, and checks on values and on rows."""
        columns = {
            name: pa.Column(
                FIELDS[name].dtype,
                checks=list(self.checks.get(name, ())),
                nullable=name in MAY_BE_EMPTY | self.optional,
            )
            for name in self.columns
        }
        return pa.DataFrameSchema(columns, checks=list(self.rows), strict=False)


def _matches(pattern: str, says: str) -> tuple[pa.Check, ...]:
    return (pa.Check.str_matches(pattern, error=says),)


def _among(values: tuple[str, ...]) -> tuple[pa.Check, ...]:
    return (pa.Check.isin(values, error=f"one of {', '.join(values)}"),)


def _row_rule(column: str, holds: pl.Expr, says: str) -> pa.Check:
    """A rule over several columns; nulls in them are the concern of other rules."""
    return pa.Check(lambda data: data.lazyframe.select(holds.fill_null(True)), error=f"{column}: {says}")


def _at_least_zero() -> tuple[pa.Check, ...]:
    return (pa.Check.ge(0, error="a number of 0 or more"),)


def _not_above(lower: str, upper: str) -> pa.Check:
    return _row_rule(lower, pl.col(lower) <= pl.col(upper), f"no more than {upper}")


def _in_unit(unit: str, low: float, high: float) -> pa.Check:
    holds = (pl.col("metric_unit") != unit) | pl.col("value").is_between(low, high)
    return _row_rule("value", holds, f"from {low:g} to {high:g}, as its unit is {unit}")


def _ratio_of_counts() -> pl.Expr:
    """Whether observed / expected is the published ratio, as far as the rounding of all three lets one see.

    A ratio printed to four decimals is off by 5e-5 at most (and a hair, in doubles); each count by half of what it
    is rounded to.
    """
    observed, expected, ratio = pl.col("observed"), pl.col("expected"), pl.col("published_value")
    rounding = pl.col("counts_rounded_to") / 2 * (1 + ratio)
    return (observed - ratio * expected).abs() <= 5.0001e-5 * expected + rounding


STATUSES = _among(get_args(ValueStatus))
ORG = {"org_code": _matches(CODE, "an ODS code: 3 to 10 capitals and digits")}

SURVEY = {
    "question_id": _matches(r"^[a-z][a-z0-9_]*$", "a question id such as q3f or pp4_2"),
    "statistic": _among(("percent", "score", "base")),
    "value_status": STATUSES,
}
SURVEY_UNITS = (
    _row_rule(
        "value",
        (pl.col("statistic") != "percent") | pl.col("value").is_between(0, 100.000001),
        "a percentage from 0 to 100",
    ),
    _row_rule(
        "value",
        (pl.col("statistic") != "score") | pl.col("value").is_between(0, 10),
        "a score from 0 to 10",
    ),
    _row_rule(
        "value",
        (pl.col("statistic") != "base") | (pl.col("value") >= 0),
        "a number of responses of 0 or more",
    ),
)

SHAPES: dict[str, Shape] = {
    "provider_counts": Shape(
        columns=(
            "period_start",
            "period_end",
            "org_code",
            "org_name",
            "org_kind",
            "region_code",
            "region_name",
            "icb_code",
            "icb_name",
            "numerator",
            "denominator",
            "published_value",
            "value_status",
        ),
        checks={
            **ORG,
            "numerator": _at_least_zero(),
            "denominator": _at_least_zero(),
            "value_status": STATUSES,
        },
        rows=(
            _row_rule(
                "numerator",
                pl.col("numerator") <= pl.col("denominator"),
                "no more than the denominator",
            ),
        ),
        value="numerator",
    ),
    "provider_items": Shape(
        columns=(
            "period_start",
            "period_end",
            "org_code",
            "org_name",
            "category",
            "item_name",
            "value",
            "value_status",
        ),
        checks={**ORG, "value": _at_least_zero(), "value_status": STATUSES},
        value="value",
    ),
    "standardised_ratios": Shape(
        columns=(
            "period_start",
            "period_end",
            "org_code",
            "org_name",
            "spells",
            "observed",
            "expected",
            "counts_rounded_to",
            "published_value",
            "banding",
            "po_lower_limit",
            "po_upper_limit",
            "od_lower_limit",
            "od_upper_limit",
            "value_status",
        ),
        checks={
            **ORG,
            "spells": _at_least_zero(),
            "observed": _at_least_zero(),
            "expected": (pa.Check.gt(0, error="a number above 0"),),
            "published_value": _at_least_zero(),
            "banding": _among(("higher_than_expected", "as_expected", "lower_than_expected")),
            "value_status": STATUSES,
        },
        rows=(
            _row_rule("published_value", _ratio_of_counts(), "observed deaths divided by expected deaths"),
            _not_above("period_start", "period_end"),
            _not_above("observed", "spells"),
            _not_above("po_lower_limit", "po_upper_limit"),
            _not_above("od_lower_limit", "od_upper_limit"),
        ),
        value="published_value",
    ),
    "framework_metrics": Shape(
        columns=(
            "quarter_key",
            "quarter_end",
            "period_start",
            "period_end",
            "reporting_text",
            "org_code",
            "org_name",
            "org_kind",
            "org_subtype",
            "region_name",
            "framework_domain",
            "framework_subdomain",
            "metric_id",
            "metric_name",
            "metric_unit",
            "value",
            "median_value",
            "lower_quartile",
            "upper_quartile",
            "position",
            "value_status",
        ),
        checks={
            **ORG,
            "quarter_key": _matches(QUARTER, "a quarter such as 2025-Q4"),
            "metric_id": _matches(r"^OF\d{4}$", "a metric such as OF0023"),
            "position": (pa.Check.ge(1, error="a rank of 1 or more"),),
            "value_status": STATUSES,
        },
        rows=(
            _not_above("period_start", "period_end"),
            _not_above("lower_quartile", "median_value"),
            _not_above("median_value", "upper_quartile"),
            _in_unit("score", 1, 4),
            _in_unit("segment", 1, 5),
            _in_unit("flag", 0, 1),
            _in_unit("out of 10", 0, 10),
        ),
        value="value",
    ),
    "league_positions": Shape(
        columns=(
            "quarter_key",
            "quarter_end",
            "org_code",
            "org_name",
            "org_kind",
            "org_subtype",
            "region_name",
            "average_score",
            "score_range_text",
            "score_low",
            "score_high",
            "segment",
            "is_in_deficit",
            "position",
            "position_range_text",
            "position_low",
            "position_high",
            "value_status",
        ),
        checks={
            **ORG,
            "quarter_key": _matches(QUARTER, "a quarter such as 2025-Q4"),
            "average_score": (pa.Check.in_range(1, 4, error="a score from 1 to 4"),),
            "segment": (pa.Check.in_range(1, 5, error="a segment from 1 to 5"),),
            "position": (pa.Check.ge(1, error="a rank of 1 or more"),),
            "value_status": STATUSES,
        },
        rows=(
            _not_above("score_low", "average_score"),
            _not_above("average_score", "score_high"),
            _not_above("position_low", "position"),
            _not_above("position", "position_high"),
        ),
        value="average_score",
    ),
    "national_context": Shape(
        columns=("indicator_id", "indicator_year", "value", "verified", "source_text", "value_status"),
        checks={
            "indicator_year": (pa.Check.in_range(1900, 2100, error="a year"),),
            "value": (pa.Check.in_range(0, 100, error="a percentage from 0 to 100"),),
            "value_status": STATUSES,
        },
        value="value",
    ),
    "waiting_bands": Shape(
        columns=(
            "period_start",
            "period_end",
            "org_code",
            "org_name",
            "icb_code",
            "commissioner_code",
            "pathway_part",
            "treatment_function_code",
            "band_label",
            "from_weeks",
            "to_weeks",
            "pathway_count",
            "value_status",
        ),
        checks={**ORG, "pathway_count": _at_least_zero(), "value_status": STATUSES},
        value="pathway_count",
    ),
    "survey_results": Shape(
        columns=(
            "survey_year",
            "org_code",
            "org_name",
            "benchmark_group",
            "region_name",
            "icb_name",
            "weighting",
            "question_id",
            "question_text",
            "response_option",
            "statistic",
            "value",
            "value_status",
        ),
        checks={
            **SURVEY,
            # Joint returns print several codes with a slash between them.
            "org_code": _matches(r"^[A-Z0-9]{3,10}(/[A-Z0-9]{2,10})*$", "an ODS code: capitals and digits"),
        },
        rows=SURVEY_UNITS,
        value="value",
        is_corrected=True,
    ),
    "survey_breakdowns": Shape(
        columns=(
            "survey_year",
            "base_group",
            "breakdown",
            "subgroup",
            "weighting",
            "question_id",
            "question_text",
            "response_option",
            "statistic",
            "value",
            "value_status",
        ),
        checks=SURVEY,
        rows=SURVEY_UNITS,
        value="value",
    ),
    "survey_benchmarks": Shape(
        columns=(
            "survey_year",
            "org_code",
            "org_name",
            "benchmark_group",
            "question_id",
            "statistic",
            "value",
            "value_status",
        ),
        checks={**ORG, **SURVEY},
        rows=SURVEY_UNITS,
        value="value",
    ),
    "ratings": Shape(
        columns=(
            "location_code",
            "location_ods_code",
            "location_name",
            "location_type",
            "inspection_category",
            "is_care_home",
            "location_region",
            "service_group",
            "domain",
            "rating",
            "publication_date",
            "report_type",
            "is_inherited",
            "provider_code",
            "provider_name",
            "value_status",
        ),
        checks={"value_status": STATUSES},
        value="rating",
    ),
    "provider_ratings": Shape(
        columns=(
            "provider_code",
            "provider_ods_code",
            "provider_name",
            "provider_type",
            "inspection_category",
            "service_group",
            "domain",
            "rating",
            "publication_date",
            "report_type",
            "is_inherited",
            "value_status",
        ),
        checks={"value_status": STATUSES},
        value="rating",
        optional=frozenset({"provider_ods_code", "inspection_category"}),
    ),
    "body_ratings": Shape(
        columns=(
            "rated_level",
            "rated_code",
            "rated_name",
            "rated_type",
            "inspection_category",
            "provider_code",
            "registration_status",
            "deregistered_on",
            "framework",
            "service_group",
            "domain",
            "rating",
            "publication_date",
            "assessment_date",
            "assessment_status",
            "percentage_score",
            "is_current_rating",
            "inherited_from",
            "value_status",
        ),
        checks={
            "rated_level": _among(("location", "provider")),
            "registration_status": _among(("Registered", "Deregistered")),
            "framework": _among(("key_lines_of_enquiry", "single_assessment_framework", "none")),
            "percentage_score": (pa.Check.in_range(0, 100, error="a percentage from 0 to 100"),),
            "value_status": STATUSES,
        },
        value="rating",
        optional=frozenset(
            {
                "inspection_category",
                "deregistered_on",
                "publication_date",
                "assessment_date",
                "assessment_status",
                "percentage_score",
                "inherited_from",
            }
        ),
    ),
    "organisations": Shape(
        columns=(
            "org_code",
            "org_name",
            "region_code",
            "icb_code",
            "postcode",
            "opened_on",
            "closed_on",
            "edition_date",
        ),
        checks={**ORG, "region_code": _matches(REGION, "a region code such as Y62")},
        rows=(
            _row_rule(
                "closed_on",
                pl.col("closed_on") >= pl.col("opened_on"),
                "not before the day of opening",
            ),
        ),
    ),
    "successions": Shape(
        columns=("from_code", "to_code", "direction", "changed_on", "change_kind", "evidence", "is_inferred"),
        checks={
            # Sites and practices have longer codes than trusts, two health authorities shorter ones.
            "from_code": _matches(r"^[A-Z0-9]{2,10}$", "an ODS code: 2 to 10 capitals and digits"),
            "to_code": _matches(r"^[A-Z0-9]{2,10}$", "an ODS code: 2 to 10 capitals and digits"),
            "direction": _among(("successor", "predecessor")),
            "change_kind": _among(SUCCESSION_KINDS),
        },
        rows=(_row_rule("to_code", pl.col("to_code") != pl.col("from_code"), "another organisation"),),
    ),
    "system_members": Shape(
        columns=("org_code", "org_name", "icb_code", "icb_name", "region_name"),
        checks={**ORG, "icb_code": _matches(CODE, "an ODS code: 3 to 10 capitals and digits")},
    ),
    "assessments": Shape(
        columns=(
            "submission_id",
            "org_code",
            "unit_code",
            "instrument_version",
            "assessment_date",
            "submission_status",
            "sharing_scope",
            "item_id",
            "level",
            "value_status",
        ),
        checks={
            **ORG,
            "submission_status": _among(("draft", "board_approved", "reassessment", "withdrawn")),
            "sharing_scope": _among(("private", "system", "national_aggregate", "national_named", "published")),
            "unit_code": _matches(PART, "the ODS code of a part, or nothing for the whole organisation"),
            "level": (pa.Check.ge(1, error="a level of 1 or more"),),
            "value_status": STATUSES,
        },
        rows=(
            _row_rule(
                "item_id",
                pl.col("item_id").is_not_null() | (pl.col("submission_status") == "withdrawn"),
                "an item, unless the submission is a withdrawal",
            ),
        ),
        value="level",
        hashed={
            "submission_id": ("org_code", "unit_code", "instrument_version", "assessment_date", "submission_status")
        },
    ),
}
