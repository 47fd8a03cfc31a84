"""Every staged column, defined once: its type, its meaning, whether it may be empty.

Belongs here: the vocabulary that source YAMLs map published columns to. Does not belong here:
which columns make up a shape (schemas/ingest/) or what is published (schemas/published.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Field:
    """One column: polars type and a sentence on what it holds (with the unit)."""

    dtype: type[pl.DataType]
    meaning: str


FIELDS: dict[str, Field] = {
    # where a row comes from
    "source_id": Field(pl.String, "Source in the registry"),
    "edition": Field(pl.String, "Edition of the source, sortable; of a restricted source a pseudonym"),
    "vintage": Field(pl.String, "First 12 hexadecimal digits of the file's sha256"),
    "vintage_rank": Field(pl.Int32, "1 for the newest vintage of the edition"),
    "published_on": Field(pl.Date, "Day of publication; empty where it is not known"),
    "source_file": Field(pl.String, "File name as it arrived; of a restricted source a pseudonym"),
    "source_sheet": Field(pl.String, "Sheet of the workbook; empty for text files"),
    "source_row": Field(pl.Int32, "Row in the sheet or record in the text file, counted from 1"),
    # organisations
    "org_code": Field(pl.String, "ODS code of the organisation as reported"),
    "org_name": Field(pl.String, "Name as reported; never a key"),
    "org_kind": Field(pl.String, "Publisher's own type of organisation"),
    "region_code": Field(pl.String, "NHS England region, ODS code"),
    "region_name": Field(pl.String, "NHS England region, publisher's name"),
    "icb_code": Field(pl.String, "Integrated care board, ODS code"),
    "icb_name": Field(pl.String, "Integrated care board, publisher's name"),
    "postcode": Field(pl.String, "Postcode of the headquarters"),
    "opened_on": Field(pl.Date, "First day of operation"),
    "closed_on": Field(pl.Date, "Last day of operation; empty while open"),
    "edition_date": Field(pl.Date, "First day of the edition's period"),
    # successions
    "from_code": Field(pl.String, "ODS code of one organisation of the pair, as published"),
    "to_code": Field(pl.String, "ODS code of the other one; empty where no successor is known"),
    "direction": Field(pl.String, "What the other one is to the first: successor or predecessor"),
    "changed_on": Field(pl.Date, "Day of the change as published: the successor's first or the predecessor's last"),
    "change_kind": Field(pl.String, "Kind of change, where the source tells it"),
    "evidence": Field(pl.String, "What the row rests on, where the source tells it"),
    "is_inferred": Field(pl.Boolean, "Whether somebody concluded the successor from other facts"),
    # measures
    "period_start": Field(pl.Date, "First day of the period"),
    "period_end": Field(pl.Date, "Last day of the period"),
    "numerator": Field(pl.Float64, "Numerator, in the measure's own unit"),
    "denominator": Field(pl.Float64, "Denominator, in the measure's own unit"),
    "published_value": Field(pl.Float64, "Value as the publisher rounds it"),
    "value": Field(pl.Float64, "Value; empty unless value_status says observed"),
    "value_status": Field(pl.String, "Why a value is there or not"),
    "item_name": Field(pl.String, "What was counted, by the source's own list of items"),
    "category": Field(pl.String, "Part of the count, such as a type of cancer; empty where there are none"),
    # standardised mortality ratios
    "spells": Field(pl.Float64, "Provider spells that the ratio is made of"),
    "observed": Field(pl.Float64, "Deaths that were observed"),
    "expected": Field(pl.Float64, "Deaths that would be expected"),
    "counts_rounded_to": Field(pl.Float64, "Multiple to which the publisher rounds counts; 0 where it does not"),
    "banding": Field(pl.String, "The publisher's band: higher_than_expected, as_expected or lower_than_expected"),
    "po_lower_limit": Field(pl.Float64, "Lower 99.8% control limit of a Poisson count, as a ratio"),
    "po_upper_limit": Field(pl.Float64, "Upper 99.8% control limit of a Poisson count, as a ratio"),
    "od_lower_limit": Field(pl.Float64, "Lower 95% control limit with over-dispersion, as a ratio"),
    "od_upper_limit": Field(pl.Float64, "Upper 95% control limit with over-dispersion, as a ratio"),
    # oversight framework
    "quarter_key": Field(pl.String, "Quarter of the financial year that begins in the year, such as 2025-Q4"),
    "quarter_end": Field(pl.Date, "Last day of the quarter"),
    "org_subtype": Field(pl.String, "Publisher's own subtype of organisation"),
    "framework_domain": Field(pl.String, "Domain of the oversight framework"),
    "framework_subdomain": Field(pl.String, "Subdomain of the oversight framework"),
    "metric_id": Field(pl.String, "Publisher's identifier of the metric, such as OF0023"),
    "metric_name": Field(pl.String, "Metric in the publisher's words"),
    "metric_unit": Field(pl.String, "Unit in the publisher's words; one metric may have rows in several"),
    "reporting_text": Field(pl.String, "Period of the metric in the publisher's words"),
    "median_value": Field(pl.Float64, "Median over the trusts of the type; empty for scores"),
    "lower_quartile": Field(pl.Float64, "Lower quartile over the trusts of the type; empty for scores"),
    "upper_quartile": Field(pl.Float64, "Upper quartile over the trusts of the type; empty for scores"),
    "position": Field(pl.Int32, "Rank among the trusts of the type; 1 is the best"),
    "average_score": Field(pl.Float64, "Mean of the metric scores, from 1 (best) to 4"),
    "score_range_text": Field(pl.String, "Likely range of the average score, as published"),
    "score_low": Field(pl.Float64, "Lower end of the likely range of the average score"),
    "score_high": Field(pl.Float64, "Upper end of the likely range of the average score"),
    "segment": Field(pl.Int32, "Segment, from 1 (best)"),
    "is_in_deficit": Field(pl.Boolean, "Whether the trust is in financial deficit"),
    "position_range_text": Field(pl.String, "Likely range of the rank, as published"),
    "position_low": Field(pl.Int32, "Best rank of the likely range"),
    "position_high": Field(pl.Int32, "Worst rank of the likely range"),
    # national context
    "indicator_id": Field(pl.String, "National indicator"),
    "indicator_year": Field(pl.Int32, "Year to which the figure belongs"),
    "verified": Field(pl.Boolean, "Whether the figure was checked against a published text"),
    "source_text": Field(pl.String, "Where the figure was published"),
    # waiting times
    "commissioner_code": Field(pl.String, "Commissioner, ODS code"),
    "pathway_part": Field(pl.String, "Part of the RTT return"),
    "treatment_function_code": Field(pl.String, "Treatment function; C_999 is the total"),
    "band_label": Field(pl.String, "Column of the waiting band, or the total, as published"),
    "from_weeks": Field(pl.Int32, "Lower bound of the waiting band in weeks; empty for the total"),
    "to_weeks": Field(pl.Int32, "Upper bound of the waiting band in weeks; empty when open-ended"),
    "pathway_count": Field(pl.Int64, "Patients' pathways in the band"),
    # staff survey
    "survey_year": Field(pl.Int32, "Year of the survey"),
    "benchmark_group": Field(pl.String, "Publisher's benchmarking group"),
    "weighting": Field(pl.String, "How responses were weighted"),
    "question_id": Field(pl.String, "Question or score of that year, lower case (q3f, pp4_2)"),
    "question_text": Field(pl.String, "Question as printed"),
    "response_option": Field(pl.String, "Response option, or score, or base"),
    "statistic": Field(pl.String, "percent (0-100), score (0-10) or base (responses)"),
    "base_group": Field(pl.String, "Whose responses are broken down, as published"),
    "breakdown": Field(pl.String, "What responses are broken down by; All for all staff"),
    "subgroup": Field(pl.String, "Part of the breakdown, as published; All for all staff"),
    # ratings
    "location_code": Field(pl.String, "CQC location id; ODS site code for NHS locations"),
    "location_ods_code": Field(pl.String, "ODS code of the location, where published"),
    "location_name": Field(pl.String, "Name of the location"),
    "location_type": Field(pl.String, "CQC's type of location"),
    "inspection_category": Field(pl.String, "CQC's primary inspection category"),
    "is_care_home": Field(pl.Boolean, "Whether the location is a care home"),
    "location_region": Field(pl.String, "Region as CQC prints it"),
    "service_group": Field(pl.String, "Service or population group; Overall for the location"),
    "domain": Field(pl.String, "Key question, or Overall"),
    "rating": Field(pl.String, "Rating in the publisher's words"),
    "publication_date": Field(pl.Date, "Day the rating was published"),
    "report_type": Field(pl.String, "Kind of report the rating stands in"),
    "is_inherited": Field(pl.Boolean, "Whether the rating was inherited from a predecessor"),
    "provider_code": Field(pl.String, "CQC provider id; ODS trust code for NHS trusts"),
    "provider_name": Field(pl.String, "Name of the provider"),
    "provider_ods_code": Field(pl.String, "ODS code of the provider, where published"),
    "provider_type": Field(pl.String, "CQC's type of provider"),
    "rated_level": Field(pl.String, "Whether a location or a provider is rated"),
    "rated_code": Field(pl.String, "CQC id of what is rated; ODS code for NHS locations and trusts"),
    "rated_name": Field(pl.String, "Name of what is rated"),
    "rated_type": Field(pl.String, "CQC's type of what is rated"),
    "registration_status": Field(pl.String, "Whether what is rated is still registered with CQC"),
    "deregistered_on": Field(pl.Date, "Day on which the registration ended; empty while registered"),
    "framework": Field(pl.String, "CQC's framework under which the rating was given"),
    "assessment_date": Field(pl.Date, "Day of the assessment"),
    "assessment_status": Field(pl.String, "Whether the domain was assessed this time, in the publisher's words"),
    "percentage_score": Field(pl.Float64, "Score behind a rating of the single assessment framework, per cent"),
    "is_current_rating": Field(pl.Boolean, "False for a rating that a later one replaced"),
    "inherited_from": Field(pl.String, "CQC id of the predecessor that the rating was given to"),
    # self-assessments
    "submission_id": Field(pl.String, "Hash of organisation, part, instrument, date and status"),
    "unit_code": Field(pl.String, "Part of the organisation that was assessed, ODS code; empty for the whole"),
    "instrument_version": Field(pl.String, "Instrument and version that was answered"),
    "submission_status": Field(pl.String, "draft, board_approved, reassessment or withdrawn"),
    "sharing_scope": Field(pl.String, "Who may see it; private where nothing was said"),
    "item_id": Field(pl.String, "Item of the instrument"),
    "level": Field(pl.Int32, "Level chosen, from 1 (lowest); empty when not answered"),
}

LABELS = frozenset(
    ("org_name", "region_name", "icb_name", "question_text", "location_name", "location_region", "provider_name")
)
"""Columns that describe and never count: a row that differs only in them says the same of the organisation."""

PROVENANCE = (
    "source_id",
    "edition",
    "vintage",
    "vintage_rank",
    "published_on",
    "source_file",
    "source_sheet",
    "source_row",
)


def polars_schema(columns: tuple[str, ...]) -> pl.Schema:
    """The polars schema of these columns, in this order."""
    return pl.Schema({name: FIELDS[name].dtype() for name in columns})
