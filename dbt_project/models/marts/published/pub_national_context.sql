-- Of the whole country, for reading beside the rest. No figure here belongs to a trust or enters an association.
with newest as (
    select
        indicators.*,
        row_number() over (
            partition by indicator_id, indicator_year
            order by edition desc nulls last, vintage_rank asc nulls last
        ) as recency
    from {{ ref('stg_bsa_nhs_satisfaction__indicators') }} as indicators
)

select
    newest.indicator_id,
    series.indicator_name,
    newest.indicator_year,
    newest.value,
    newest.value_status,
    series.unit,
    series.population,
    series.first_year as comparable_from_year,
    series.break_in_series,
    newest.verified,
    newest.source_text,
    series.note,
    case
        when newest.value is null
            then
                'No figure for ' || cast(newest.indicator_year as string) || ': "' || series.indicator_name || '" ('
                || newest.value_status || ').'
        else
            'In ' || cast(newest.indicator_year as string) || ', '
            || cast(cast(round(newest.value) as integer) as string)
            || case when series.unit = 'percent' then '%' else ' ' || series.unit end || ' of '
            || lower(substr(series.population, 1, 1)) || substr(series.population, 2) || ': "' || series.indicator_name
            || '"; national, so no association is sought with it.'
            || coalesce(' ' || series.break_in_series || ', so compare with years since '
            || cast(series.first_year as string) || ' only.', '')
    end as sentence,
    newest.source_id,
    newest.edition,
    newest.vintage,
    {{ data_origin() }} as data_origin
from newest
inner join {{ ref('context_series') }} as series
    on
        newest.indicator_id = series.indicator_id
        and newest.indicator_year >= series.first_year
        and (series.last_year is null or newest.indicator_year <= series.last_year)
where newest.recency = 1
