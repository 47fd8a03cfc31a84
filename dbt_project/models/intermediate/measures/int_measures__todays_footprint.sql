-- The newest figures under the organisations of today: counts are summed over predecessors and ratios recomputed;
-- nothing else can be combined. Numerators and denominators add up to those reported, rolled forward or not.
with reported as (
    select
        figures.*,
        coalesce(resolved.today_code, figures.org_code) as today_code,
        coalesce(resolved.roll_forward_status, 'is_current') as status_of_code,
        figures.numerator is not null and figures.denominator is not null as has_counts,
        coalesce(resolved.today_code <> figures.org_code, false) as is_moved,
        case when registry.unit = 'percent' then 100 else 1 end as factor
    from {{ ref('int_measures__pooled') }} as figures
    left join {{ ref('int_organisations__resolved') }} as resolved on figures.org_code = resolved.org_code
    left join {{ ref('stg_registry__measures') }} as registry on figures.measure_id = registry.measure_id
),

-- The last day on which today's organisation gained or lost something.
changes as (
    select
        resolved.today_code,
        max(pairs.effective_on) as last_changed_on
    from {{ ref('int_successions__paired') }} as pairs
    inner join {{ ref('int_organisations__resolved') }} as resolved
        on
            resolved.org_code = pairs.to_code
            or (resolved.org_code = pairs.from_code and pairs.kind = 'partial_transfer')
    group by resolved.today_code
),

-- What came or went without a known share.
shares as (
    select
        resolved.today_code,
        pairs.effective_on,
        case when resolved.org_code = pairs.to_code then pairs.from_code end as came_from,
        case when resolved.org_code = pairs.from_code then pairs.to_code end as went_to
    from {{ ref('int_successions__paired') }} as pairs
    inner join {{ ref('int_organisations__resolved') }} as resolved
        on resolved.org_code = pairs.to_code or resolved.org_code = pairs.from_code
    where pairs.kind in ('split', 'partial_transfer')
),

grouped as (
    select
        measure_id,
        today_code,
        period_type,
        period_key,
        min(period_start) as period_start,
        max(period_end) as period_end,
        max(n_periods) as n_periods,
        cast(count(*) as integer) as n_organisations_combined,
        {{ joined_list('org_code') }} as combined_from,
        min(org_code) as first_code,
        count(*) filter (where has_counts) as n_with_counts,
        cast(sum(cast(case when has_counts then numerator end as decimal(28, 8))) as double) as summed_numerator,
        cast(sum(cast(case when has_counts then denominator end as decimal(28, 8))) as double) as summed_denominator,
        max(numerator) as only_numerator,
        max(denominator) as only_denominator,
        max(value) as only_value,
        min(value_status) as first_status,
        count(*) filter (where value_status = 'withheld') as n_withheld,
        count(*) filter (where value_status = 'provisional') as n_provisional,
        max(case when is_moved then 1 else 0 end) = 1 as is_moved,
        max(
            case when status_of_code in ('split_not_rolled', 'missing_link', 'cycle_not_rolled') then status_of_code end
        ) as unrolled_status,
        max(factor) as factor,
        max(published_on) as published_on
    from reported
    group by measure_id, today_code, period_type, period_key
),

duplicated as (
    select
        measure_id,
        today_code,
        period_type,
        period_key
    from {{ ref('int_reporting__duplicated') }}

    union

    select
        measure_id,
        today_code,
        'financial_year' as period_type,
        financial_year as period_key
    from {{ ref('int_reporting__duplicated') }}
    where period_type = 'month'
),

lacking as (
    select
        grouped.measure_id,
        grouped.today_code,
        grouped.period_type,
        grouped.period_key,
        {{ joined_list('shares.came_from') }} as lacks_part_of,
        {{ joined_list('shares.went_to') }} as includes_part_of
    from grouped
    inner join shares
        on
            grouped.today_code = shares.today_code
            and grouped.period_start < shares.effective_on
    group by grouped.measure_id, grouped.today_code, grouped.period_type, grouped.period_key
),

judged as (
    select
        grouped.*,
        lacking.lacks_part_of,
        lacking.includes_part_of,
        duplicated.measure_id is not null as is_duplicate_suspected,
        n_organisations_combined = n_with_counts as is_countable,
        n_organisations_combined = 1
        and (
            n_with_counts = 1
            or (not is_moved and (changes.last_changed_on is null or grouped.period_end >= changes.last_changed_on))
        ) as is_as_reported
    from grouped
    left join changes on grouped.today_code = changes.today_code
    left join lacking
        on
            grouped.measure_id = lacking.measure_id
            and grouped.today_code = lacking.today_code
            and grouped.period_type = lacking.period_type
            and grouped.period_key = lacking.period_key
    left join duplicated
        on
            grouped.measure_id = duplicated.measure_id
            and grouped.today_code = duplicated.today_code
            and grouped.period_type = duplicated.period_type
            and grouped.period_key = duplicated.period_key
),

stated as (
    select
        judged.*,
        case
            when is_duplicate_suspected then 'withheld'
            when is_as_reported then first_status
            when n_withheld > 0 then 'withheld'
            when not is_countable and n_organisations_combined = 1 and only_value is null then first_status
            when not is_countable then 'not_applicable'
            when coalesce(summed_denominator, 0) = 0 then 'not_applicable'
            when n_provisional > 0 then 'provisional'
            else 'observed'
        end as value_status
    from judged
)

select
    measure_id,
    today_code as org_code,
    period_type,
    period_key,
    period_start,
    period_end,
    n_periods,
    case when is_as_reported then only_numerator else summed_numerator end as numerator,
    case when is_as_reported then only_denominator else summed_denominator end as denominator,
    case
        when value_status not in ('observed', 'provisional', 'revised') then null
        when is_as_reported then only_value
        else factor * {{ div('summed_numerator', 'summed_denominator') }}
    end as value,
    value_status,
    case
        when is_duplicate_suspected then 'two codes print the same counts: one return may be there twice'
        when is_as_reported then null
        when not is_countable and n_organisations_combined = 1
            then 'published without counts, for an organisation of another footprint'
        when not is_countable then 'published without counts for at least one of the organisations combined'
    end as value_reason,
    n_organisations_combined,
    combined_from,
    first_code,
    lacks_part_of,
    includes_part_of,
    is_duplicate_suspected,
    case
        when unrolled_status is not null then unrolled_status
        when is_moved then 'rolled_forward'
        when coalesce(lacks_part_of, includes_part_of) is not null then 'partial_not_rolled'
        else 'is_current'
    end as roll_forward_status,
    published_on
from stated
