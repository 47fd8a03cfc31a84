"""The tables of the workbook, as data: what each is selected from, and what its columns are called.

Belongs here: selects over released tables, headings and notes. Does not belong here: how a sheet is written
(workbook.py), or any figure that a released table does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column. decimals: those of a figure, None for text. note: the key of a note that explains it."""

    name: str
    heading: str
    decimals: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class Sheet:
    """One table on one sheet.

    sql: a select that gives the columns and, where figures can be hidden, `value_status`. across: the select gives one
    row for each organisation and indicator, to be laid out as one row for each organisation.
    """

    label: str
    title: str
    sql: str
    columns: tuple[Column, ...]
    scope: str
    is_across: bool = False


NOTES = {
    "levels": "Levels of a self-assessment run from 1 to 5. The median is of the organisations' own mean levels.",
    "shared": "Organisations that shared their self-assessment for national use, out of all that could have. Sharing "
    "is voluntary: those that share may differ from those that do not (see the sheet Response).",
    "named": "Only organisations that agreed to be named.",
    "rho": "Spearman's rank correlation. Positive always means that more maturity goes with a better outcome. These "
    "are comparisons between organisations and show no cause.",
    "interval": "95 % interval by Bonett and Wright.",
    "q": "Adjusted for the number of comparisons by Benjamini and Hochberg, within families declared beforehand. Not "
    "given where driver and outcome share survey questions.",
    "pooled": "Types of organisation are compared within themselves; all pools the types' estimates.",
    "period": "The newest period of each indicator; the heading names it.",
    "not_ranked": "In the order of ODS codes. This is not a ranking.",
    "standardised": "Difference in standard deviations, beside what chance alone would give.",
}
_MATURITY = (
    Column("n_shared", "Organisations that shared", 0, "shared"),
    Column("n_eligible", "Organisations that could have shared", 0),
    Column("median_level", "Median level", 1, "levels"),
    Column("share_at_or_above_3", "At level 3 or above (percent)", 1),
)
_ORGANISATION = (
    Column("org_code", "ODS code"),
    Column("org_name", "Organisation"),
    Column("type_words", "Type of organisation"),
)
_CELLS = """
select d.label as driver, replace(m.organisation_type, '_', ' ') as type_words, m.*
from {table} as m
join dim_driver as d using (driver_id)
"""
_PART = "m.annual_rule = 'pooled' and {figures}.period_type = 'financial_year' and {figures}.n_periods < 12"
"""Whether a figure is of a part year."""
_NEWEST = """
with told as (
    select measure_id, period_type, period_key, n_periods,
        row_number() over (
            partition by measure_id
            order by list_position(['financial_year', 'survey_year', 'rolling_year', 'as_of', 'year_to_date', 'month'],
                period_type), period_key desc
        ) as place
    from (
        select measure_id, period_type, period_key, max(n_periods) as n_periods from pub_measure_values group by all
    )
)
select v.org_code, v.org_name, replace(v.organisation_type, '_', ' ') as type_words, v.value, v.value_status,
    m.measure_name || ' (' || replace(m.unit, '_', ' ') || '), ' || v.period_key
    || case when {part} then ', ' || told.n_periods || ' of 12 months' else '' end as heading
from pub_measure_values as v
join told using (measure_id, period_type, period_key)
join dim_measure as m using (measure_id)
where told.place = 1 and v.org_code <> 'ENG' and m.measure_kind = '{kind}'
order by m.measure_id, v.org_code
"""

SHEETS = (
    Sheet(
        "Maturity_by_type",
        "Maturity on each driver of NHS IMPACT by type of organisation",
        _CELLS.format(table="pub_driver_maturity") + "where m.org_code is null and m.region_code = 'all' "
        "order by m.round_key desc, d.sort_order, m.organisation_type",
        (
            Column("round_key", "Round"),
            Column("driver", "Driver"),
            Column("type_words", "Type of organisation"),
            *_MATURITY,
        ),
        "England, organisations that may take part",
    ),
    Sheet(
        "Maturity_by_region",
        "Maturity on each driver of NHS IMPACT by region",
        _CELLS.format(table="pub_driver_maturity")
        + "where m.org_code is null and m.organisation_type = 'all' and m.region_code <> 'all' "
        "order by m.round_key desc, d.sort_order, m.region_code",
        (
            Column("round_key", "Round"),
            Column("driver", "Driver"),
            Column("region_code", "ODS code of the region"),
            *_MATURITY,
        ),
        "England, organisations that may take part",
    ),
    Sheet(
        "Levels",
        "Organisations at each level of each driver",
        _CELLS.format(table="pub_maturity_distribution") + "where m.exposure_kind = 'driver' and m.region_code = 'all' "
        "order by m.round_key desc, d.sort_order, m.organisation_type, m.level",
        (
            Column("round_key", "Round"),
            Column("driver", "Driver"),
            Column("type_words", "Type of organisation"),
            Column("level", "Level", 0, "levels"),
            Column("level_label", "Name of the level"),
            Column("share_at_level", "At this level (percent)", 1, "shared"),
            Column("share_at_or_above", "At this level or above (percent)", 1),
            Column("n_shared", "Organisations that shared", 0),
        ),
        "England, organisations that may take part",
    ),
    Sheet(
        "Named_organisations",
        "Maturity of organisations that agreed to be named",
        _CELLS.format(table="pub_driver_maturity")
        + "where m.org_code is not null order by m.round_key desc, m.org_code, d.sort_order",
        (
            Column("round_key", "Round"),
            *_ORGANISATION,
            Column("driver", "Driver"),
            Column("median_level", "Mean level of the driver's items", 1, "named"),
        ),
        "Organisations that agreed to be named",
    ),
    Sheet(
        "Associations",
        "Association of maturity on each driver with outcomes",
        "select d.label as driver, m.measure_name, case a.basis when 'self_assessment' then 'Self-assessment' "
        "else 'Staff survey' end as basis_words, case when a.is_circular then 'yes' else 'no' end as circular, "
        "replace(a.organisation_type, '_', ' ') as type_words, "
        "case when a.rho is null then coalesce(replace(a.insufficient_reason, '_', ' '), 'not told') "
        "else 'none' end as reason, a.* "
        "from pub_driver_outcome_association as a join dim_driver as d on d.driver_id = a.exposure_id "
        "join dim_measure as m using (measure_id) "
        "where a.exposure_kind = 'driver' and a.alignment = 'same_year' and m.measure_kind = 'outcome' "
        "order by a.basis, d.sort_order, a.measure_id, a.organisation_type",
        (
            Column("basis_words", "Maturity taken from"),
            Column("driver", "Driver"),
            Column("measure_name", "Outcome"),
            Column("type_words", "Type of organisation", None, "pooled"),
            Column("n", "Organisations compared", 0),
            Column("rho", "Rank correlation", 2, "rho"),
            Column("rho_low", "Lower end of the interval", 2, "interval"),
            Column("rho_high", "Upper end of the interval", 2, "interval"),
            Column("q_value", "q", 4, "q"),
            Column("circular", "Share survey questions"),
            Column("reason", "Why there is no figure"),
        ),
        "England, maturity and outcome of the same year",
    ),
    Sheet(
        "England",
        "Indicators for England by period",
        "select m.measure_name, replace(m.unit, '_', ' ') as unit_words, v.period_key || "
        f"case when {_PART.format(figures='v')} then ', ' || v.n_periods || ' of 12 months' else '' end "
        "as period_words, v.* from pub_measure_values as v "
        "join dim_measure as m using (measure_id) where v.org_code = 'ENG' and (v.period_type <> 'month' "
        "or v.measure_id not in (select measure_id from pub_measure_values where period_type = 'financial_year')) "
        "order by m.measure_kind, m.measure_name, v.period_key",
        (
            Column("measure_name", "Indicator"),
            Column("unit_words", "Unit"),
            Column("period_words", "Period"),
            Column("value", "Figure", 2),
        ),
        "England",
    ),
    Sheet(
        "Outcomes",
        "Outcome indicators of each organisation, newest period",
        _NEWEST.format(kind="outcome", part=_PART.format(figures="told")),
        _ORGANISATION,
        "NHS organisations with at least one figure",
        is_across=True,
    ),
    Sheet(
        "Staff_survey",
        "Staff survey indicators of each organisation, newest year",
        _NEWEST.format(kind="survey_item", part=_PART.format(figures="told")),
        _ORGANISATION,
        "NHS organisations with at least one figure",
        is_across=True,
    ),
    Sheet(
        "Response",
        "Organisations that shared their self-assessment and those that did not",
        "select replace(characteristic, '_', ' ') as characteristic_words, "
        "coalesce(category_label, category) as category_words, * "
        "from pub_response_bias order by round_key desc, characteristic, category",
        (
            Column("round_key", "Round"),
            Column("characteristic_words", "Characteristic"),
            Column("category_words", "Category"),
            Column("unit", "Unit of the figures"),
            Column("n_eligible", "Organisations that could have shared", 0),
            Column("n_shared", "Organisations that shared", 0, "shared"),
            Column("figure_shared", "Figure of those that shared", 1),
            Column("figure_not_shared", "Figure of those that did not", 1),
            Column("standardised_difference", "Standardised difference", 1, "standardised"),
        ),
        "England, organisations that may take part",
    ),
)
DEFINITIONS = Sheet(
    "Indicators",
    "What each indicator is",
    "",
    (
        Column("indicator_id", "Identifier"),
        Column("name", "Indicator"),
        Column("unit", "Unit"),
        Column("polarity", "Direction"),
        Column("description", "Definition"),
        Column("numerator_definition", "Numerator"),
        Column("denominator_definition", "Denominator"),
        Column("rationale", "Why it is measured"),
        Column("interpretation", "What it shows and does not show"),
        Column("limitations", "Limitations"),
        Column("perverse_incentive", "What it could tempt to"),
        Column("source_name", "Source"),
        Column("review_date", "To be reviewed by"),
    ),
    "All indicators of this release",
)
"""From the release's metadata record and not from a table."""
