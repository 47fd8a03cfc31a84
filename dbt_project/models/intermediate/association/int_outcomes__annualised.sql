-- One value of each registry measure for each organisation and financial year, by the measure's own annual rule:
-- the pooled year, the year's latest period, or the survey or the year as published. Of windows of twelve months only
-- the one that is a financial year stands for it: any other would share months with its neighbour's. A pooled
-- year of an organisation that lacks too many of the months that England has is no year.
with england as (
    select
        measure_id,
        period_key,
        n_periods
    from {{ ref('int_measures__pooled') }}
    where org_code = 'ENG' and period_type = 'financial_year'
),

candidates as (
    select
        pooled.measure_id,
        pooled.org_code,
        pooled.period_key,
        pooled.value,
        pooled.denominator,
        pooled.published_on,
        registry.unit,
        registry.polarity,
        registry.minimum_denominator,
        case
            when pooled.period_type = 'survey_year' then cast(pooled.period_key as integer)
            else {{ financial_year_start('pooled.period_end') }}
        end as outcome_year,
        dense_rank() over (
            partition by
                pooled.measure_id,
                case
                    when pooled.period_type = 'survey_year' then cast(pooled.period_key as integer)
                    else {{ financial_year_start('pooled.period_end') }}
                end
            order by pooled.period_end desc nulls last
        ) as recency
    from {{ ref('int_measures__pooled') }} as pooled
    inner join {{ ref('stg_registry__measures') }} as registry on pooled.measure_id = registry.measure_id
    left join england
        on
            pooled.measure_id = england.measure_id
            and pooled.period_key = england.period_key
    where
        pooled.org_code <> 'ENG'
        and (
            registry.annual_rule <> 'pooled'
            or (
                pooled.period_type = 'financial_year'
                and pooled.n_periods >= {{ var('minimum_share_of_year') }} * england.n_periods
            )
        )
        and (pooled.period_type <> 'rolling_year' or extract(month from pooled.period_end) = 3)
)

select
    measure_id,
    org_code,
    outcome_year,
    period_key as outcome_period_key,
    polarity,
    value as outcome_value,
    -- An edition repeats a rating until there is a new one.
    unit <> 'rating' or coalesce({{ financial_year_start('published_on') }} >= outcome_year, false) as is_set_in_year
from candidates
where
    recency = 1
    and value is not null
    and (minimum_denominator is null or denominator >= minimum_denominator)
