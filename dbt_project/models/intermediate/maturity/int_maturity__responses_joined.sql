-- Responses as last received, joined to the instrument that asked them. What was withdrawn ends here: no model behind
-- this one sees it.
with received as (
    select
        responses.*,
        dense_rank() over (
            partition by responses.submission_id
            order by responses.edition desc nulls last
        ) as recency
    from {{ ref('stg_impact_self_assessment__responses') }} as responses
    where responses.vintage_rank = 1
)

select
    received.source_id,
    received.edition,
    received.vintage,
    received.submission_id,
    received.org_code,
    received.unit_code,
    received.instrument_version,
    instruments.instrument_family,
    received.assessment_date,
    {{ financial_year_start('received.assessment_date') }} as round_start_year,
    {{ financial_year_key(financial_year_start('received.assessment_date')) }} as round_key,
    received.submission_status,
    received.sharing_scope,
    received.item_id,
    items.driver_id,
    items.title as item_title,
    received.level,
    received.value_status
from received
left join {{ ref('instrument') }} as instruments on received.instrument_version = instruments.instrument_version
left join {{ ref('instrument_item') }} as items
    on
        received.instrument_version = items.instrument_version
        and received.item_id = items.item_id
left join {{ ref('int_maturity__withdrawn') }} as withdrawn on received.submission_id = withdrawn.submission_id
where
    received.recency = 1
    and received.submission_status <> 'withdrawn'
    and withdrawn.submission_id is null
