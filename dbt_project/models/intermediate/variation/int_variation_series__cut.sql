-- Monthly and quarterly figures as series: cut where limits are rebased, and where more than a year is missing.
with points as (
    select
        measure_id,
        org_code,
        period_type,
        period_key,
        value,
        polarity,
        cast(floor({{ div(
            'extract(year from period_start) * 12 + extract(month from period_start) - 1', 'months_per_period'
        ) }}) as integer) as period_no,
        {{ div('12', 'months_per_period') }} as periods_per_year
    from {{ ref('int_variation_figures__judged') }}
    where chart = 'xmr' and not_charted_reason is null
),

-- A rebase of one organisation goes before one of all that begins in the same period.
rebased as (
    select
        points.measure_id,
        points.org_code,
        points.period_type,
        points.period_key,
        rebases.period_from as rebased_on,
        rebases.reason as rebase_reason,
        row_number() over (
            partition by points.measure_id, points.org_code, points.period_type, points.period_key
            order by rebases.period_from desc nulls last, case when rebases.org_code = 'all' then 1 else 0 end asc nulls last
        ) as choice
    from points
    inner join {{ ref('spc_rebase') }} as rebases
        on
            points.measure_id = rebases.measure_id
            and (points.org_code = rebases.org_code or rebases.org_code = 'all')
            and points.period_key >= rebases.period_from
),

followed as (
    select
        points.*,
        rebased.rebased_on,
        rebased.rebase_reason,
        points.period_no - lag(points.period_no) over (
            partition by points.measure_id, points.org_code, points.period_type
            order by points.period_no asc nulls last
        ) as periods_on,
        coalesce(rebased.rebased_on, '') <> coalesce(lag(rebased.rebased_on) over (
            partition by points.measure_id, points.org_code, points.period_type
            order by points.period_no asc nulls last
        ), '') as is_rebased_here
    from points
    left join rebased
        on
            points.measure_id = rebased.measure_id
            and points.org_code = rebased.org_code
            and points.period_type = rebased.period_type
            and points.period_key = rebased.period_key
            and rebased.choice = 1
),

cut as (
    select
        followed.*,
        cast(sum(case when is_rebased_here or periods_on > periods_per_year then 1 else 0 end) over (
            partition by measure_id, org_code, period_type
            order by period_no asc nulls last
            rows between unbounded preceding and current row
        ) as integer) as series_no
    from followed
),

counted as (
    select
        cut.*,
        cast(sum(case when periods_on = 1 and not is_rebased_here then 1 else 0 end) over (
            partition by measure_id, org_code, period_type, series_no
        ) as integer) as moving_ranges
    from cut
)

select
    counted.measure_id,
    counted.org_code,
    counted.period_type,
    counted.period_key,
    counted.value,
    counted.polarity,
    counted.period_no,
    counted.series_no,
    counted.rebased_on,
    counted.rebase_reason,
    standards.target,
    interims.target as interim_target,
    case
        when counted.moving_ranges < {{ var('xmr_minimum_points') }} - 1
            then 'there are fewer than {{ var("xmr_minimum_points") }} figures that follow one another'
    end as not_charted_reason
from counted
{% for alias, kind in [('standards', 'standard'), ('interims', 'interim')] %}
left join {{ ref('measure_target') }} as {{ alias }}
    on
        counted.measure_id = {{ alias }}.measure_id
        and {{ alias }}.target_kind = '{{ kind }}'
        and counted.period_key >= {{ alias }}.period_from
        and counted.period_key <= coalesce({{ alias }}.period_to, '9999')
{% endfor %}
