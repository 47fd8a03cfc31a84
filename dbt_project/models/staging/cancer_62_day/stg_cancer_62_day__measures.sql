-- Patients treated within 62 days, over all routes and types of cancer. The slice by treatment holds the same patients
-- once more and is left out.
with counts as (
    select *
    from {{ ref('stg_cancer_62_day__counts') }}
    where slice = 'cancer_type'
),

measures as (
    {{ measure_from_items(
        'counts', 'cancer_62_day', 'month',
        numerator=['within_standard'],
        denominator=['treated']
    ) }}
)

select
    {{ measure_columns() }}
from measures
