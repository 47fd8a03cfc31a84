-- Disclosure control over the margins, in three steps.
-- 1. A cell is shown only if enough organisations share, and if those of them that may not be named are none or enough.
--    None is told no more than a few are: that a cell becomes empty, or no longer is, can be the doing of one.
-- 2. If the hidden cells of a margin hold fewer unnamed organisations than that, subtracting the shown cells from the
--    total would give them away.
-- 3. Then the smallest shown cell that holds unnamed organisations is hidden too.
with judged as (
    select
        cells.*,
        n_shared < {{ var('minimum_sharing_organisations') }}
        or n_unnamed between 1 and {{ var('minimum_sharing_organisations') }} - 1 as is_hidden_alone
    from {{ ref('int_driver_maturity__margined') }} as cells
),

weighed as (
    select
        judged.*,
        cast(
            sum(case when is_hidden_alone then n_unnamed else 0 end) over (
                partition by driver_id, round_key, margin
            ) as integer
        ) as unnamed_hidden,
        row_number() over (
            partition by driver_id, round_key, margin
            order by
                case when not is_hidden_alone and n_unnamed > 0 then 0 else 1 end asc nulls last,
                n_unnamed asc nulls last,
                organisation_type asc nulls last,
                region_code asc nulls last
        ) as smallest_first
    from judged
),

decided as (
    select
        weighed.*,
        is_hidden_alone
        or (
            unnamed_hidden between 1 and {{ var('minimum_sharing_organisations') }} - 1
            and n_unnamed > 0
            and smallest_first = 1
        ) as is_hidden
    from weighed
)

select
    driver_id,
    round_key,
    organisation_type,
    region_code,
    case when not is_hidden then n_shared end as n_shared,
    n_eligible,
    case when not is_hidden then median_level end as median_level,
    case when not is_hidden then share_at_or_above_3 end as share_at_or_above_3,
    case when is_hidden then 'suppressed' else 'observed' end as value_status
from decided
