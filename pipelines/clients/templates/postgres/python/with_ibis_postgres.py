"""The release in PostgreSQL, with ibis.{{ synthetic_sentence }}

Needs: pip install "ibis-framework[postgres]" "psycopg[binary]"
Login: the password from PGPASSWORD, or from the file that PostgreSQL calls .pgpass
Run:   python with_ibis_postgres.py [ORGANISATION [MEASURE]]
"""

import sys

import ibis
from ibis import _

{% include "parts/frames_head.py" %}

server = ibis.postgres.connect(
    host={{ postgres.host | python }},
    port={{ postgres.port }},
    database={{ postgres.database | python }},
    user={{ postgres.user | python }},
    schema="published",
)
{% include "parts/ibis_end.py" %}

if server.table("release_info").release_id.execute()[0] != release["release_id"][0]:
    sys.exit("another release was put in place while this one was read: run it again")
