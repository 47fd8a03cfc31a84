-- Pairs of predecessor and successor from every source that publishes them; the first of these is believed first.
{% set tables = [
    'ods_successions',
    'ods_successions_archived',
    'ods_api_successions',
    'ods_successions_converted',
    'trust_code_changes',
] %}

{% for table in tables %}
select
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(case when direction = 'predecessor' then to_code else from_code end as string) as from_code,
    cast(case when direction = 'predecessor' then from_code else to_code end as string) as to_code,
    cast(changed_on as date) as changed_on,
    cast(change_kind as string) as change_kind,
    cast(evidence as string) as evidence,
    cast(is_inferred as boolean) as is_inferred,
    {{ loop.index }} as preference
from {{ source('staged', table) }}
where vintage_rank = 1
{% if not loop.last %}union all{% endif %}
{% endfor %}
