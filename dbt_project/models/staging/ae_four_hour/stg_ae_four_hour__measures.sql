-- Attendances within four hours, booked appointments included: attendances less those over four hours, of all types of
-- department and of type 1 alone. Where one of the counts is absent nothing is measured, so that attendances without
-- four-hour figures do not enter England's denominator.
with measures as (
    {{ measure_from_items(
        ref('stg_ae_four_hour__counts'), 'ae_within_4_hours', 'month',
        numerator=[
            'over_4_hours_type_1', 'over_4_hours_type_2', 'over_4_hours_other',
            'over_4_hours_booked_type_1', 'over_4_hours_booked_type_2', 'over_4_hours_booked_other',
        ],
        denominator=[
            'attendances_type_1', 'attendances_type_2', 'attendances_other',
            'attendances_booked_type_1', 'attendances_booked_type_2', 'attendances_booked_other',
        ],
        complement=true
    ) }}

    union all

    {{ measure_from_items(
        ref('stg_ae_four_hour__counts'), 'ae_within_4_hours_type_1', 'month',
        numerator=['over_4_hours_type_1', 'over_4_hours_booked_type_1'],
        denominator=['attendances_type_1', 'attendances_booked_type_1'],
        complement=true
    ) }}
)

select
    {{ measure_columns() }}
from measures
