{{ config(severity='warn') }}
select withdrawals.submission_id
from {{ ref('stg_impact_self_assessment__responses') }} as withdrawals
left join {{ ref('int_maturity__withdrawn') }} as withdrawn
    on
        withdrawals.org_code = withdrawn.org_code
        and withdrawals.instrument_version = withdrawn.instrument_version
where withdrawals.submission_status = 'withdrawn' and withdrawn.submission_id is null
group by withdrawals.submission_id
