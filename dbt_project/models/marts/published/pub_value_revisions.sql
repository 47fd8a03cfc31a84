-- What each revision did to the measures: figures that came, went or changed from one vintage to the next.
{% set figure = ['numerator', 'denominator', 'value', 'value_status'] %}
{% set key = ['measure_id', 'org_code', 'period_type', 'period_key', 'source_id', 'edition'] %}

with older as (
    select
        figures.*,
        revisions.old_vintage,
        revisions.new_vintage
    from {{ ref('fct_measure_values') }} as figures
    inner join {{ ref('pub_revisions') }} as revisions
        on
            figures.source_id = revisions.source_id
            and figures.edition = revisions.edition
            and figures.vintage = revisions.old_vintage
),

newer as (
    select
        figures.*,
        revisions.old_vintage,
        revisions.new_vintage
    from {{ ref('fct_measure_values') }} as figures
    inner join {{ ref('pub_revisions') }} as revisions
        on
            figures.source_id = revisions.source_id
            and figures.edition = revisions.edition
            and figures.vintage = revisions.new_vintage
),

compared as (
    select
        {% for name in key + ['old_vintage', 'new_vintage'] %}
        coalesce(newer.{{ name }}, older.{{ name }}) as {{ name }},
        {% endfor %}
        {% for name in figure %}
        older.{{ name }} as old_{{ name }},
        newer.{{ name }} as new_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from older
    full outer join newer
        on
            {% for name in key %}
            older.{{ name }} = newer.{{ name }} and
            {% endfor %}
            older.new_vintage = newer.new_vintage
)

select
    measure_id,
    org_code,
    period_type,
    period_key,
    source_id,
    edition,
    old_vintage,
    new_vintage,
    old_numerator,
    new_numerator,
    old_denominator,
    new_denominator,
    old_value,
    new_value,
    old_value_status,
    new_value_status,
    {{ data_origin() }} as data_origin
from compared
where
    {% for name in figure %}
    old_{{ name }} is distinct from new_{{ name }}{{ ' or' if not loop.last }}
    {% endfor %}
