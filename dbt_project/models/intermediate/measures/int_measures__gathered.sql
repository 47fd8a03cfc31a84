-- Written by `impact sync`; do not edit. Every model that ends in the long shape of a measure, one below the other.
select
    {{ measure_columns() }}
from {{ ref('int_cqc_ratings__measured') }}

union all

select
    {{ measure_columns() }}
from {{ ref('int_survey_measures__scored') }}

union all

select
    {{ measure_columns() }}
from {{ ref('stg_ae_four_hour__measures') }}

union all

select
    {{ measure_columns() }}
from {{ ref('stg_cancer_62_day__measures') }}

union all

select
    {{ measure_columns() }}
from {{ ref('stg_cqc_location_ratings__measures') }}

union all

select
    {{ measure_columns() }}
from {{ ref('stg_oversight_framework_metrics__measures') }}

union all

select
    {{ measure_columns() }}
from {{ ref('stg_rtt_full_extract__measures') }}

union all

select
    {{ measure_columns() }}
from {{ ref('stg_shmi__measures') }}

union all

select
    {{ measure_columns() }}
from {{ ref('stg_sickness_absence__measures') }}
