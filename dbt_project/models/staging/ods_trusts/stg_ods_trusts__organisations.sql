-- Trusts, from every report of ODS that lists them; the first of these goes before the others where both know a code.
{% set tables = ['ods_trusts', 'ods_care_trusts', 'ods_api_organisations'] %}

{% for table in tables %}
select
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(vintage as string) as vintage,
    cast(vintage_rank as integer) as vintage_rank,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(region_code as string) as region_code,
    cast(icb_code as string) as icb_code,
    cast(opened_on as date) as opened_on,
    cast(closed_on as date) as closed_on,
    cast(edition_date as date) as edition_date,
    {{ loop.index }} as preference
from {{ source('staged', table) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
