{% set measure, organisation = "?measure", "?organisation" %}
associations <- "
{% include "parts/associations.sql" %}
"
maturity <- "
{% include "parts/maturity.sql" %}
"
figures <- "
{% include "parts/figures.sql" %}
"
spread <- "
{% include "parts/spread.sql" %}
"
