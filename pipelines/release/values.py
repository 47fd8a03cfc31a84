"""The figures of one indicator as tidy rows, from the candidate's tables: one home for every output that shows them.

Belongs here: areas, their parents, periods, intervals and the shorthand. Does not belong here: file formats (api.py,
fingertips.py, workbook and pages), or deciding what may be shown (the tables hold nothing else).
"""

from __future__ import annotations

import duckdb
import polars as pl

from pipelines.release.reading import literal
from pipelines.release.record import Indicator
from pipelines.release.shorthand import LETTERS
from pipelines.statistics.intervals import wilson
from schemas.interface import INDICATOR_VALUES
from schemas.published import ENGLAND

LEVELS = {"95": 0.95, "998": 0.998}
"""Confidence by the ending of its columns."""

COLUMNS = tuple(column.name for column in INDICATOR_VALUES.columns)

_MEASURE = """
    select
        figures.org_code as area_code, figures.org_name as area_name,
        case when figures.org_code = '{england}' then 'england' else figures.organisation_type end as area_type,
        figures.period_type, figures.period_key, figures.period_start, figures.period_end,
        case
            when measures.annual_rule = 'pooled' and figures.period_type = 'financial_year' then figures.n_periods
        end as n_periods,
        figures.value, figures.numerator, figures.denominator, figures.value_status, figures.published_on,
        figures.data_origin, figures.release_id
    from pub_measure_values as figures
    inner join dim_measure as measures on figures.measure_id = measures.measure_id
    where figures.measure_id = {key}
"""
_EVIDENCE = """
    select
        figures.org_code as area_code, figures.org_name as area_name, figures.organisation_type as area_type,
        'survey_year' as period_type, figures.period_key, periods.period_start, periods.period_end,
        null::integer as n_periods, figures.score as value, null::double as numerator, null::double as denominator,
        figures.value_status, null::date as published_on, figures.data_origin, figures.release_id
    from pub_driver_evidence as figures
    left join dim_period as periods
        on periods.period_type = 'survey_year' and figures.period_key = periods.period_key
    where figures.driver_id = {key}
"""
_MATURITY = """
    select
        coalesce(
            figures.org_code, nullif(figures.region_code, 'all'), nullif(figures.organisation_type, 'all'), '{england}'
        ) as area_code,
        coalesce(figures.org_name, regions.region_name, replace(nullif(figures.organisation_type, 'all'), '_', ' '))
            as area_name,
        case
            when figures.org_code is not null then figures.organisation_type
            when figures.region_code <> 'all' then 'region'
            when figures.organisation_type <> 'all' then 'type'
            else 'england'
        end as area_type,
        'round' as period_type,
        figures.round_key || case when versions.n > 1 then ' ' || figures.instrument_version else '' end as period_key,
        periods.period_start, periods.period_end, null::integer as n_periods, figures.median_level as value,
        null::double as numerator,
        figures.n_shared::double as denominator, figures.value_status, null::date as published_on, figures.data_origin,
        figures.release_id
    from pub_driver_maturity as figures
    inner join (
        select round_key, count(distinct instrument_version) as n from pub_driver_maturity group by round_key
    ) as versions on figures.round_key = versions.round_key
    left join dim_period as periods
        on periods.period_type = 'financial_year' and figures.round_key = periods.period_key
    left join (
        select region_code, min(region_name) as region_name from dim_organisation group by region_code
    ) as regions on figures.region_code = regions.region_code
    where figures.driver_id = {key}
"""
_SELECTS = {"maturity": _MATURITY, "evidence": _EVIDENCE}

_PLACED = """
    select
        {indicator_id} as indicator_id, figures.* replace (
            case when area_type = 'england' then 'England' else coalesce(area_name, area_code) end as area_name
        ),
        case
            when area_type in ('region', 'type') then '{england}' when area_type <> 'england' then homes.region_code
        end as parent_code,
        case
            when area_type in ('region', 'type') then 'England' when area_type <> 'england' then homes.region_name
        end as parent_name
    from ({figures}) as figures
    left join dim_organisation as homes on figures.area_code = homes.org_code and homes.is_current
    order by area_type, area_code, period_type, period_key
"""


def read_values(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> pl.DataFrame:
    """The rows of COLUMNS, one for each area and period, sorted by area type, area, period type and period.

    An area is England, an organisation as reported (its type in area_type), or, of maturity, a region or a type of
    organisations. The parent is the region that the organisation is in today; of a region or type it is England.
    value is null where value_status says so. Intervals in the unit of the value are Wilson's, only where the
    indicator's interval_method says that numerator and denominator count persons or events. Weighted shares of a
    survey have none: their base is not the number of persons that the share stands for.
    """
    figures = connection.execute(_sql(indicator)).pl()
    return figures.with_columns(
        *_intervals(figures, indicator.interval_method),
        pl.col("value_status").replace_strict(LETTERS).replace("", None).alias("note"),
    ).select(COLUMNS)


def _sql(indicator: Indicator) -> str:
    select = _SELECTS.get(indicator.kind, _MEASURE)
    key = indicator.driver_id if indicator.kind in _SELECTS else indicator.indicator_id
    figures = select.format(key=literal(str(key)), england=ENGLAND)
    return _PLACED.format(indicator_id=literal(indicator.indicator_id), figures=figures, england=ENGLAND)


def _intervals(figures: pl.DataFrame, method: str) -> list[pl.Series]:
    """Lower and upper ends at each level; null without a figure, a method or anybody in the denominator."""
    has_any = figures["value"].is_not_null() & (figures["denominator"] > 0) & (method == "wilson")
    count, n = (pl.select(pl.when(has_any).then(figures[name])).to_series() for name in ("numerator", "denominator"))
    ends = []
    for name, confidence in LEVELS.items():
        bounds = wilson(count.to_numpy(), n.to_numpy(), confidence)
        for end, bound in zip(("lower", "upper"), bounds, strict=True):
            ends.append(pl.Series(f"{end}_{name}", bound * 100).fill_nan(None))
    return ends
