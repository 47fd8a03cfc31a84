-- Disclosure control over the margins, in four steps.
-- 1. A cell is shown only if enough organisations share, and if those of them that may not be named are none or enough,
--    and not all alike: who knows that an organisation shares would else know what it said. None is told no more than a
--    few are: that a cell becomes empty, or no longer is, can be the doing of one. Those that do not share are none or
--    enough, too: one that is alone in that would be known.
-- 2. If the hidden cells of a margin together hold too few unnamed organisations, or only such as are alike, or too few
--    that do not share, subtracting the shown cells from the total would give them away.
-- 3. Then the smallest shown cell that holds such organisations is hidden too.
-- 4. If those are still alike, so is every other cell of the margin.
{% set minimum = var('minimum_sharing_organisations') %}

with judged as (
    select
        cells.*,
        n_eligible - n_shared as n_others,
        n_shared < {{ minimum }}
        or n_unnamed between 1 and {{ minimum }} - 1
        or n_eligible - n_shared between 1 and {{ minimum }} - 1
        or coalesce(lowest_unnamed = highest_unnamed, false) as is_hidden_alone
    from {{ ref('int_maturity_cells__margined') }} as cells
),

weighed as (
    select
        judged.*,
        cast(
            sum(case when is_hidden_alone then n_unnamed else 0 end) over (
                partition by table_name, group_key, margin
            ) as integer
        ) as unnamed_hidden,
        cast(
            sum(case when is_hidden_alone then n_others else 0 end) over (
                partition by table_name, group_key, margin
            ) as integer
        ) as others_hidden,
        min(case when is_hidden_alone then lowest_unnamed end) over (
            partition by table_name, group_key, margin
        ) as lowest_hidden,
        max(case when is_hidden_alone then highest_unnamed end) over (
            partition by table_name, group_key, margin
        ) as highest_hidden,
        row_number() over (
            partition by table_name, group_key, margin
            order by
                case when not is_hidden_alone and n_unnamed > 0 then 0 else 1 end asc nulls last,
                n_unnamed asc nulls last,
                organisation_type asc nulls last,
                region_code asc nulls last
        ) as smallest_first,
        row_number() over (
            partition by table_name, group_key, margin
            order by
                case when not is_hidden_alone and n_others > 0 then 0 else 1 end asc nulls last,
                n_shared asc nulls last,
                organisation_type asc nulls last,
                region_code asc nulls last
        ) as smallest_with_others_first
    from judged
),

decided as (
    select
        weighed.*,
        is_hidden_alone
        or (
            (
                unnamed_hidden between 1 and {{ minimum }} - 1
                or (unnamed_hidden > 0 and coalesce(lowest_hidden = highest_hidden, false))
            )
            and n_unnamed > 0
            and smallest_first = 1
        )
        or (others_hidden between 1 and {{ minimum }} - 1 and n_others > 0 and smallest_with_others_first = 1)
        as is_hidden_with_others
    from weighed
),

checked as (
    select
        decided.*,
        min(case when is_hidden_with_others then lowest_unnamed end) over (
            partition by table_name, group_key, margin
        )
        = max(case when is_hidden_with_others then highest_unnamed end) over (
            partition by table_name, group_key, margin
        ) as are_hidden_alike
    from decided
)

select
    table_name,
    group_key,
    round_key,
    round_start_year,
    instrument_version,
    previous_round_key,
    previous_instrument_version,
    evidence_basis,
    exposure_kind,
    exposure_id,
    driver_id,
    items_expected,
    items_compared,
    margin,
    organisation_type,
    region_code,
    n_eligible,
    n_shared,
    n_unnamed,
    n_below,
    n_same,
    n_above,
    median_figure,
    share_at_or_above_3,
    is_hidden_with_others or (n_unnamed > 0 and coalesce(are_hidden_alike, false)) as is_hidden
from checked
