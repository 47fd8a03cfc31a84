select instrument_family
from {{ ref('instrument') }}
where scores_drivers
group by instrument_family
qualify count(*) over () > 1
