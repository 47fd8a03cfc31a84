"""The release in the DuckDB file, as pandas frames.{{ synthetic_sentence }}

Needs: pip install "duckdb>=1.3" pandas
Run:   python with_pandas_duckdb.py [ORGANISATION [MEASURE]]
"""

import sys
from pathlib import Path

import duckdb

FILE = Path({{ file | python }})
# Whatever a query says, it reads this file and no other, and writes nothing.
SETTINGS = {{ settings }}
{% include "parts/frames_head.py" %}
{% set measure = "$measure" %}

RELEASE = "select release_id, is_synthetic from release_info"
ASSOCIATIONS = """
{% include "parts/associations.sql" %}
"""
MATURITY = """
{% include "parts/maturity.sql" %}
"""
VALUES = "select * from pub_measure_values where measure_id = $measure and period_type <> 'month'"

# The link is followed once, so that every frame comes from one release, whatever is put out meanwhile.
with duckdb.connect(str(FILE.resolve()), read_only=True, config=SETTINGS) as connection:
    release = connection.execute(RELEASE).df()
    associations = connection.execute(ASSOCIATIONS, {"measure": MEASURE}).df()
    maturity = connection.execute(MATURITY).df()
    values = connection.execute(VALUES, {"measure": MEASURE}).df()
{% include "parts/pandas_end.py" %}
