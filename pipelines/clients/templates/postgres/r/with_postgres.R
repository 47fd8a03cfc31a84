# The release in PostgreSQL, with DBI.{{ synthetic_sentence }}
#
# Needs: install.packages(c("DBI", "RPostgres")), or Debian's r-cran-dbi and r-cran-rpostgresql
# Login: the password from PGPASSWORD, or from the file that PostgreSQL calls .pgpass
# Run:   Rscript with_postgres.R [ORGANISATION [MEASURE]]

library(DBI)

{% include "parts/r_head.R" %}

{% include "parts/r_selects.R" %}

with_rpostgres <- requireNamespace("RPostgres", quietly = TRUE)
connection <- dbConnect(
  if (with_rpostgres) RPostgres::Postgres() else RPostgreSQL::PostgreSQL(),
  host = {{ postgres.host | python }}, port = {{ postgres.port }}, dbname = {{ postgres.database | python }},
  user = {{ postgres.user | python }}, options = "-c search_path=published"
)
{% include "parts/r_end.R" %}
again <- dbGetQuery(connection, "select release_id, is_synthetic from release_info")
invisible(dbDisconnect(connection))
if (again$release_id != release$release_id) {
  stop("another release was put in place while this one was read: run it again")
}
