"""The release in PostgreSQL, as polars frames.{{ synthetic_sentence }}

Needs: pip install polars pyarrow adbc-driver-postgresql
Login: the password from PGPASSWORD, or from the file that PostgreSQL calls .pgpass
Run:   python with_polars_postgres.py [ORGANISATION [MEASURE]]
"""

import sys
from urllib.parse import urlencode

import adbc_driver_postgresql.dbapi
import polars as pl

SERVER = {
    "host": {{ postgres.host | python }},
    "port": {{ postgres.port }},
    "dbname": {{ postgres.database | python }},
    "user": {{ postgres.user | python }},
    "options": "-csearch_path=published",
}
{% include "parts/frames_head.py" %}
{% set measure = "$1" %}

RELEASE = "select release_id, is_synthetic from release_info"
ASSOCIATIONS = """
{% include "parts/associations.sql" %}
"""
MATURITY = """
{% include "parts/maturity.sql" %}
"""
VALUES = "select * from pub_measure_values where measure_id = $1 and period_type <> 'month'"

with adbc_driver_postgresql.dbapi.connect(f"postgresql://?{urlencode(SERVER)}") as connection:
    of_measure = {"parameters": [MEASURE]}
    release = pl.read_database(RELEASE, connection)
    associations = pl.read_database(ASSOCIATIONS, connection, execute_options=of_measure)
    maturity = pl.read_database(MATURITY, connection)
    values = pl.read_database(VALUES, connection, execute_options=of_measure)
if (values["release_id"] != release["release_id"][0]).any():
    sys.exit("another release was put in place while this one was read: run it again")
{% include "parts/polars_end.py" %}
