-- Shown, and never an outcome of an association: the score is made of the staff survey and of other measures here.
with organisations as (
    select
        org_code,
        organisation_type
    from {{ ref('int_organisations__unioned') }}
    where is_current
)

select
    positions.quarter_key,
    quarters.framework_version,
    quarters.comparable_from_quarter,
    positions.org_code,
    positions.org_name,
    organisations.organisation_type,
    positions.org_kind,
    positions.org_subtype,
    positions.average_score,
    positions.value_status,
    positions.score_range_text,
    positions.score_low,
    positions.score_high,
    positions.segment,
    positions.is_in_deficit,
    positions.position,
    positions.position_range_text,
    positions.position_low,
    positions.position_high,
    positions.published_on,
    positions.source_id,
    positions.edition,
    positions.vintage,
    positions.vintage_rank,
    quarters.is_latest_vintage,
    positions.source_row,
    {{ data_origin() }} as data_origin
from {{ ref('stg_oversight_framework_league_table__positions') }} as positions
inner join {{ ref('int_oversight_quarters__ranked') }} as quarters
    on
        positions.source_id = quarters.source_id
        and positions.edition = quarters.edition
        and positions.vintage = quarters.vintage
        and positions.quarter_key = quarters.quarter_key
left join organisations on positions.org_code = organisations.org_code
