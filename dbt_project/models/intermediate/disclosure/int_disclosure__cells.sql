-- Who is behind each published figure that rests on self-assessments, shown or not: one select for each table. A figure
-- that could be shown if there had been no earlier release has is_shown. Another table is one more select.
{% set minimum = var('minimum_sharing_organisations') %}

with maturity as (
    select
        scored.driver_id || '|' || scored.round_key as group_key,
        eligible.organisation_type,
        coalesce(eligible.region_code, 'unknown') as region_code,
        reportable.member_key,
        not reportable.may_be_named as is_unnamed
    from {{ ref('int_driver_maturity__scored') }} as scored
    inner join {{ ref('int_maturity__reportable') }} as reportable on scored.submission_id = reportable.submission_id
    inner join {{ ref('int_organisations__eligible') }} as eligible
        on
            scored.org_code = eligible.org_code
            and scored.round_start_year = eligible.start_year
    where scored.is_shared_nationally and scored.is_complete
),

maturity_cells as (
    select
        group_key,
        'leading' as block_key,
        'all|all' as cell_key,
        member_key,
        is_unnamed
    from maturity

    union all

    select
        group_key,
        'organisation_type' as block_key,
        organisation_type || '|all' as cell_key,
        member_key,
        is_unnamed
    from maturity

    union all

    select
        group_key,
        'region' as block_key,
        'all|' || region_code as cell_key,
        member_key,
        is_unnamed
    from maturity
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

pairs as (
    select
        pairs.exposure_id || '|' || pairs.measure_id || '|' || pairs.alignment || '|' || pairs.exposure_period_key
        as group_key,
        'pub_driver_maturity|' || pairs.exposure_id || '|' || pairs.exposure_period_key as parent_key,
        pairs.organisation_type,
        reportable.member_key,
        not reportable.may_be_named as is_unnamed
    from {{ ref('int_association_pairs') }} as pairs
    inner join {{ ref('int_driver_maturity__scored') }} as scored
        on
            pairs.org_code = scored.org_code
            and pairs.exposure_id = scored.driver_id
            and pairs.exposure_period_key = scored.round_key
            and scored.is_shared_nationally
    inner join {{ ref('int_maturity__reportable') }} as reportable on scored.submission_id = reportable.submission_id
    where pairs.basis = 'self_assessment' and pairs.organisation_type <> 'all'
),

pair_cells as (
    select
        group_key,
        parent_key,
        'all' as block_key,
        'all' as cell_key,
        member_key,
        is_unnamed
    from pairs

    union all

    select
        group_key,
        parent_key,
        'leading' as block_key,
        organisation_type as cell_key,
        member_key,
        is_unnamed
    from pairs
)

select
    'pub_driver_maturity' as table_name,
    cells.group_key,
    cells.block_key,
    cells.cell_key,
    cast(null as string) as parent_key,
    cells.member_key,
    cells.is_unnamed,
    disclosed.value_status = 'observed' as is_shown
from maturity_cells as cells
inner join {{ ref('int_driver_maturity__disclosed') }} as disclosed
    on
        cells.group_key = disclosed.driver_id || '|' || disclosed.round_key
        and cells.cell_key = disclosed.organisation_type || '|' || disclosed.region_code

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
    block_key,
    cell_key,
    parent_key,
    member_key,
    is_unnamed,
    count(*) over (partition by group_key, cell_key) >= {{ var('association_minimum_n') }} as is_shown
from pair_cells
