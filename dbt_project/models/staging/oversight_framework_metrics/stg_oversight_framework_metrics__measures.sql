-- The metrics that are measures here: those on finance, which no other source has. A period that a file shows in several
-- quarters is taken from the latest of them.
with metrics as (
    select
        metrics.*,
        reference.measure_id,
        reference.period_type,
        {{ financial_year_start('metrics.period_end') }} as start_year,
        row_number() over (
            partition by
                metrics.edition,
                metrics.vintage,
                metrics.org_code,
                reference.measure_id,
                case
                    when reference.period_type = 'financial_year'
                        then make_date({{ financial_year_start('metrics.period_end') }}, 4, 1)
                    else metrics.period_end
                end
            order by metrics.quarter_key desc nulls last
        ) as choice
    from {{ ref('stg_oversight_framework_metrics__metrics') }} as metrics
    inner join {{ ref('oversight_metric') }} as reference
        on
            metrics.metric_id = reference.metric_id
            and metrics.metric_unit = reference.metric_unit
    where reference.measure_id is not null
),

measures as (
    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        published_on,
        source_file,
        source_row,
        org_code,
        org_name,
        measure_id,
        period_type,
        case
            when period_type = 'financial_year' then {{ financial_year_key('start_year') }}
            else {{ month_key('period_end') }}
        end as period_key,
        make_date(start_year, 4, 1) as period_start,
        case when period_type = 'financial_year' then make_date(start_year + 1, 3, 31) else period_end end as period_end,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        value,
        value_status
    from metrics
    where choice = 1
)

select
    {{ measure_columns() }}
from measures
