-- The evidence score of a driver, beside the score that it would have under the rival map.
select
    own.exposure_id as driver_id,
    own.org_code,
    own.survey_year,
    own.period_key,
    own.mapping_version,
    own.score,
    own.items_shown,
    own.items_expected,
    own.value_status,
    rival.score as rival_score
from {{ ref('int_evidence__scored') }} as own
left join {{ ref('int_evidence__scored') }} as rival
    on
        own.exposure_id = rival.exposure_id
        and own.org_code = rival.org_code
        and own.survey_year = rival.survey_year
        and rival.exposure_kind = 'driver'
        and rival.item_map = 'rival'
where own.exposure_kind = 'driver' and own.item_map = 'own'
