"""The release in PostgreSQL, as pandas frames.{{ synthetic_sentence }}

Needs: pip install pandas sqlalchemy "psycopg[binary]"
Login: the password from PGPASSWORD, or from the file that PostgreSQL calls .pgpass
Run:   python with_pandas_postgres.py [ORGANISATION [MEASURE]]
"""

import sys

import pandas
from sqlalchemy import URL, create_engine, text

SERVER = URL.create(
    "postgresql+psycopg",
    username={{ postgres.user | python }},
    database={{ postgres.database | python }},
    query={"host": {{ postgres.host | python }}, "port": "{{ postgres.port }}", "options": "-c search_path=published"},
)
{% include "parts/frames_head.py" %}
{% set measure = ":measure" %}

RELEASE = "select release_id, is_synthetic from release_info"
ASSOCIATIONS = """
{% include "parts/associations.sql" %}
"""
MATURITY = """
{% include "parts/maturity.sql" %}
"""
VALUES = "select * from pub_measure_values where measure_id = :measure and period_type <> 'month'"

with create_engine(SERVER).connect() as connection:
    release = pandas.read_sql(text(RELEASE), connection)
    associations = pandas.read_sql(text(ASSOCIATIONS), connection, params={"measure": MEASURE})
    maturity = pandas.read_sql(text(MATURITY), connection)
    values = pandas.read_sql(text(VALUES), connection, params={"measure": MEASURE})
if not values["release_id"].eq(release["release_id"][0]).all():
    sys.exit("another release was put in place while this one was read: run it again")
{% include "parts/pandas_end.py" %}
