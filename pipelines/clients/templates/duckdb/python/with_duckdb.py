"""The release in the DuckDB file, read with duckdb.{{ synthetic_sentence }}

Needs: pip install "duckdb>=1.3"
Run:   python with_duckdb.py [ORGANISATION [MEASURE]]
"""

import sys
from pathlib import Path

import duckdb

FILE = Path({{ file | python }})
# Whatever a query says, it reads this file and no other, and writes nothing.
SETTINGS = {{ settings }}
given = sys.argv[1:]
ORGANISATION = given[0] if given else {{ organisation | python }}
MEASURE = given[1] if len(given) > 1 else {{ measure | python }}
{% set measure, organisation = "$measure", "$organisation" %}

RELEASE = "select release_id, is_synthetic from release_info"
ASSOCIATIONS = """
{% include "parts/associations.sql" %}
"""
MATURITY = """
{% include "parts/maturity.sql" %}
"""
FIGURES = """
{% include "parts/figures.sql" %}
"""
SPREAD = """
{% include "parts/spread.sql" %}
"""


def show(title, sql, **parameters):
    """Prints the rows of a select. What has no value is no zero: its status says why."""
    cursor = connection.execute(sql, parameters)
    print(f"\n{title}\n" + "  ".join(column[0] for column in cursor.description))
    for row in cursor.fetchall():
        print("  ".join("-" if cell is None else f"{cell:.2f}" if type(cell) is float else str(cell) for cell in row))


# The link is followed once, so that every answer comes from one release, whatever is put out meanwhile.
with duckdb.connect(str(FILE.resolve()), read_only=True, config=SETTINGS) as connection:
    release, is_synthetic = connection.execute(RELEASE).fetchone()
    print(f"release {release}" + (", SYNTHETIC: every figure is invented" if is_synthetic else ""))
    show(f"Drivers and {MEASURE}: positive rho goes with a better outcome", ASSOCIATIONS, measure=MEASURE)
    show("Self-assessed maturity, and how many of the eligible shared", MATURITY)
    show(f"{MEASURE} of {ORGANISATION}", FIGURES, measure=MEASURE, organisation=ORGANISATION)
    show(f"{MEASURE}: organisations, those with a figure, and the median of those", SPREAD, measure=MEASURE)
