-- Questions and their select: the same for DuckDB and PostgreSQL.{{ synthetic_sentence }}
-- In PostgreSQL first: set search_path to published;
{% for question, selects in cookbook %}

-- {{ question }}
{% for select in selects %}
{{ select }};

{% endfor %}
{% endfor %}
