select
    edition,
    vintage,
    org_code,
    cast(sum(pathway_count) filter (where from_weeks is not null) as bigint) as in_bands,
    cast(sum(pathway_count) filter (where from_weeks is null) as bigint) as in_total
from {{ ref('stg_rtt_full_extract__waits') }}
group by edition, vintage, org_code
having
    sum(pathway_count) filter (where from_weeks is not null)
    is distinct from sum(pathway_count) filter (where from_weeks is null)
