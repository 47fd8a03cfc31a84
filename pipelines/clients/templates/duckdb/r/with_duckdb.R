# The release in the DuckDB file, with DBI.{{ synthetic_sentence }}
#
# Needs: install.packages(c("DBI", "duckdb"))
# Run:   Rscript with_duckdb.R [ORGANISATION [MEASURE]]

library(DBI)

# The link is followed once, so that every answer comes from one release, whatever is put out meanwhile.
file <- normalizePath({{ file | python }})
{% include "parts/r_head.R" %}

{% include "parts/r_selects.R" %}

# Whatever a query says, it reads this file and no other, and writes nothing.
settings <- list({{ r_settings }})
connection <- dbConnect(duckdb::duckdb(dbdir = file, read_only = TRUE, config = settings))
{% include "parts/r_end.R" %}
invisible(dbDisconnect(connection, shutdown = TRUE))
