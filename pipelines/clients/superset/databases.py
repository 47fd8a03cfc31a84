"""The connection: which database, with which driver, and what people may do in it.

Belongs here: the two routes as Superset knows them. Does not belong here: the settings of the sandbox
(pipelines/serving/sandbox.py), or the rights of a role (pipelines/serving/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.clients.superset import VERSION
from pipelines.clients.superset.names import ROUTES, identifier
from pipelines.serving import sandbox

if TYPE_CHECKING:
    from pipelines.clients import Route

ASK = "XXXXXXXXXX"
"""What Superset itself exports in place of a password; it then asks for the password while it imports."""

POSTGRES_CONNECT_ARGS = {"options": "-c default_transaction_read_only=on -c statement_timeout=60000"}
"""Beside the rights of the role, which alone protect: whoever writes SQL can change these."""


def database(route: Route) -> dict[str, Any]:
    """The database for one route: to be read in charts and in SQL Lab, and never written."""
    return {
        "database_name": f"NHS IMPACT Warehouse ({ROUTES[route.kind]})",
        "sqlalchemy_uri": _uri(route),
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {"allows_virtual_table_explore": True, "engine_params": {"connect_args": _connect_args(route)}},
        "uuid": identifier(route, "database"),
        "version": VERSION,
    }


def _uri(route: Route) -> str:
    if route.kind == "duckdb":
        return f"duckdb:///{route.path}"
    place = (route.url or "").removeprefix("postgresql://")
    return f"postgresql+psycopg2://{route.user}:{ASK}@{place}"


def _connect_args(route: Route) -> dict[str, Any]:
    return sandbox.CONNECT_ARGS if route.kind == "duckdb" else POSTGRES_CONNECT_ARGS
