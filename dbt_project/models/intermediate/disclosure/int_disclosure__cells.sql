-- Who is behind each published figure that rests on self-assessments, shown or not: one select for each kind of table. A
-- figure that could be shown if there had been no earlier release has is_shown. Another table is one more select. The keys
-- are kept with each release: under another name a figure is taken for a new one, with nothing to be held against.
{% set minimum = var('minimum_sharing_organisations') %}

with maturity as (
    select
        placed.table_name,
        placed.group_key,
        'pub_maturity_distribution|' || placed.round_key || '|' || placed.instrument_version || '|'
        || placed.exposure_kind || '|' || placed.exposure_id as parent_key,
        placed.organisation_type,
        placed.region_code,
        reportable.member_key || coalesce('|' || previous.member_key, '') as member_key,
        placed.is_unnamed
    from {{ ref('int_maturity_members__placed') }} as placed
    inner join {{ ref('int_maturity__reportable') }} as reportable
        on
            placed.org_code = reportable.org_code
            and placed.round_key = reportable.round_key
            and placed.instrument_version = reportable.instrument_version
    left join {{ ref('int_maturity__reportable') }} as previous
        on
            placed.org_code = previous.org_code
            and placed.previous_round_key = previous.round_key
            and placed.previous_instrument_version = previous.instrument_version
),

maturity_cells as (
    select
        maturity.table_name,
        maturity.group_key,
        case when cells.margin = 'total' then 'leading' else cells.margin end as block_key,
        cells.organisation_type || '|' || cells.region_code as cell_key,
        case when maturity.table_name <> 'pub_maturity_distribution' then maturity.parent_key end as parent_key,
        maturity.member_key,
        maturity.is_unnamed,
        not cells.is_hidden as is_shown
    from maturity
    inner join {{ ref('int_maturity_cells__disclosed') }} as cells
        on
            maturity.table_name = cells.table_name
            and maturity.group_key = cells.group_key
            and cells.organisation_type in ('all', maturity.organisation_type)
            and cells.region_code in ('all', maturity.region_code)
),

items as (
    select
        responses.instrument_version || '|' || responses.round_key || '|' || responses.item_id as group_key,
        reportable.member_key,
        not reportable.may_be_named as is_unnamed
    from {{ ref('int_maturity__reportable') }} as reportable
    inner join {{ ref('int_maturity__responses_joined') }} as responses
        on reportable.submission_id = responses.submission_id
    inner join {{ ref('int_organisations__eligible') }} as eligible
        on
            reportable.org_code = eligible.org_code
            and reportable.round_start_year = eligible.start_year
    where reportable.is_shared_nationally and responses.level is not null
),

-- Of what may be told; of single types nothing is.
pairs as (
    select
        pairs.exposure_kind || '|' || pairs.exposure_id || '|' || pairs.measure_id || '|' || pairs.alignment || '|'
        || scored.round_key as group_key,
        'pub_maturity_distribution|' || scored.round_key || '|' || scored.instrument_version || '|'
        || pairs.exposure_kind || '|' || pairs.exposure_id as parent_key,
        reportable.member_key,
        not reportable.may_be_named as is_unnamed
    from {{ ref('int_association_pairs') }} as pairs
    inner join {{ ref('int_maturity_exposures__scored') }} as scored
        on
            pairs.org_code = scored.org_code
            and pairs.exposure_kind = scored.exposure_kind
            and pairs.exposure_id = scored.exposure_id
            and pairs.exposure_year = scored.round_start_year
            and scored.is_shared_nationally
    inner join {{ ref('association_confidential') }} as told
        on
            pairs.measure_id = told.measure_id
            and pairs.alignment = told.alignment
    inner join {{ ref('int_maturity__reportable') }} as reportable on scored.submission_id = reportable.submission_id
    where pairs.basis = 'self_assessment'
),

-- A few who come to a type can each be at another level, and their outcomes are public, so each level is looked at alone.
level_cells as (
    select
        placed.group_key,
        placed.organisation_type as block_key,
        placed.organisation_type || '|' || cast(placed.category as string) as cell_key,
        'pub_maturity_distribution|' || placed.group_key as parent_key,
        reportable.member_key,
        placed.is_unnamed,
        count(*) over (partition by placed.group_key, placed.organisation_type, placed.category) as n_at_level,
        count(case when placed.is_unnamed then 1 end) over (
            partition by placed.group_key, placed.organisation_type, placed.category
        ) as n_unnamed
    from {{ ref('int_maturity_members__placed') }} as placed
    inner join {{ ref('int_maturity__reportable') }} as reportable
        on
            placed.org_code = reportable.org_code
            and placed.round_key = reportable.round_key
            and placed.instrument_version = reportable.instrument_version
    where placed.table_name = 'pub_maturity_distribution' and placed.exposure_kind = 'driver'
),

-- A round may have several instruments; those that share are counted once.
sharing as (
    select
        cells.group_key,
        cells.block_key,
        cells.cell_key,
        min(reportable.member_key) as member_key,
        cells.is_unnamed,
        cells.is_shown
    from {{ ref('int_sharing__cells') }} as cells
    inner join {{ ref('int_maturity__reportable') }} as reportable
        on
            cells.org_code = reportable.org_code
            and cells.group_key = reportable.round_key
            and reportable.is_shared_nationally
    inner join {{ ref('instrument') }} as instruments
        on
            reportable.instrument_version = instruments.instrument_version
            and instruments.scores_drivers
    group by cells.group_key, cells.block_key, cells.cell_key, cells.org_code, cells.is_unnamed, cells.is_shown
)

select
    table_name,
    group_key,
    block_key,
    cell_key,
    parent_key,
    member_key,
    is_unnamed,
    is_shown
from maturity_cells

union all

select
    'pub_maturity_items' as table_name,
    group_key,
    'leading' as block_key,
    'all' as cell_key,
    cast(null as string) as parent_key,
    member_key,
    is_unnamed,
    count(*) over (partition by group_key) >= {{ minimum }}
    and count(case when is_unnamed then 1 end) over (partition by group_key) not between 1 and {{ minimum }} - 1
    as is_shown
from items

union all

select
    'pub_driver_outcome_association' as table_name,
    group_key,
    'leading' as block_key,
    'all' as cell_key,
    parent_key,
    member_key,
    is_unnamed,
    count(*) over (partition by group_key) >= {{ var('association_minimum_n') }} as is_shown
from pairs

union all

select
    'pub_outcome_by_maturity_level' as table_name,
    group_key,
    block_key,
    cell_key,
    parent_key,
    member_key,
    is_unnamed,
    n_at_level >= {{ minimum }} and n_unnamed not between 1 and {{ minimum }} - 1 as is_shown
from level_cells

union all

-- Its counts are rounded, so that nothing is a sum of anything. Which outcomes those have who have come or gone could
-- tell who they are, so all is held with the total.
select
    'pub_response_bias' as table_name,
    group_key || '|' || block_key as group_key,
    'leading' as block_key,
    cell_key,
    'pub_response_bias|' || group_key || '|leading' as parent_key,
    member_key,
    is_unnamed,
    is_shown
from sharing
