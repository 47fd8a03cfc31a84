"""The release in the DuckDB file, with ibis.{{ synthetic_sentence }}

Needs: pip install "ibis-framework[duckdb]" "duckdb>=1.3,<2" (ibis 12 does not work with duckdb 2)
Run:   python with_ibis_duckdb.py [ORGANISATION [MEASURE]]
"""

import sys
from pathlib import Path

import ibis
from ibis import _

FILE = Path({{ file | python }})
# Whatever a query says, it reads this file and no other, and writes nothing.
SETTINGS = {{ settings }}
{% include "parts/frames_head.py" %}

# The link is followed once, so that every answer comes from one release, whatever is put out meanwhile.
# ibis sets the time zone when it connects, so the settings are locked after that.
server = ibis.duckdb.connect(FILE.resolve(), read_only=True, **(SETTINGS | {"lock_configuration": False}))
server.raw_sql("set lock_configuration = true")
{% include "parts/ibis_end.py" %}
