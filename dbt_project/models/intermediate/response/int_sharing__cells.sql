-- Who is behind each figure of pub_response_bias, shown or not, for the guard against subtracting releases.
with counted as (
    select
        listed.round_key,
        counted.characteristic,
        counted.category,
        listed.org_code,
        listed.may_be_named,
        counted.n_shared is not null as is_shown
    from {{ ref('int_sharing__listed') }} as listed
    inner join {{ ref('int_sharing__counted') }} as counted
        on
            listed.round_key = counted.round_key
            and counted.category in (
                'all',
                case counted.characteristic
                    when 'organisation_type' then listed.organisation_type
                    when 'region' then listed.region_code
                end
            )
    where listed.is_shared
),

compared as (
    select
        listed.round_key,
        case when compared.measure_id = 'size' then 'size' else 'outcome' end as characteristic,
        compared.measure_id as category,
        listed.org_code,
        listed.may_be_named,
        not compared.is_hidden as is_shown
    from {{ ref('int_sharing__listed') }} as listed
    inner join {{ ref('int_sharing_outcomes__compared') }} as compared
        on listed.round_start_year = compared.round_start_year
    left join {{ ref('int_sharing_outcomes__aligned') }} as outcomes
        on
            listed.round_start_year = outcomes.round_start_year
            and listed.org_code = outcomes.org_code
            and compared.measure_id = outcomes.measure_id
    where
        listed.is_shared
        and (outcomes.measure_id is not null or (compared.measure_id = 'size' and listed.size is not null))
)

select
    'pub_response_bias' as table_name,
    round_key as group_key,
    case when characteristic = 'total' then 'leading' else characteristic end as block_key,
    characteristic || '|' || category as cell_key,
    org_code,
    not may_be_named as is_unnamed,
    is_shown
from counted

union all

select
    'pub_response_bias' as table_name,
    round_key as group_key,
    category as block_key,
    characteristic || '|' || category as cell_key,
    org_code,
    not may_be_named as is_unnamed,
    is_shown
from compared
