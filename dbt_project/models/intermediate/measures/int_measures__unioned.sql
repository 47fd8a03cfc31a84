-- Every outcome measure in the long shape. A new outcome measure adds its staging model to this list.
{% set measure_models = [
    'stg_cqc_location_ratings__measures',
    'stg_rtt_full_extract__measures',
    'stg_sickness_absence__measures',
    'int_cqc_ratings__measured',
    'int_survey_measures__scored',
] %}

with measures as (
    {% for model in measure_models %}
    select
        {{ measure_columns() | indent(8) }}
    from {{ ref(model) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Newest first by edition, then by vintage: a period that a later edition publishes again is replaced as a whole,
-- so that an organisation which the publisher has taken out does not live on.
ranked as (
    select
        measures.*,
        dense_rank() over (
            partition by measure_id, period_type, period_key
            order by edition desc nulls last, vintage_rank asc nulls last
        ) as recency
    from measures
)

select
    {{ measure_columns() }},
    recency = 1 as is_latest_vintage
from ranked
