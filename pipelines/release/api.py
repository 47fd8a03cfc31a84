"""The static interface of a release: files under `api/v1/` that stand where a server's answers would.

Belongs here: addresses, and the JSON, CSV and parquet behind them. Does not belong here: their description
(openapi.py), figures (values.py), the export in Fingertips' shape (fingertips.py).

All links are relative to the file they stand in, so that a release works wherever it is put, from disk too. Data in
JSON stand by column: one list for each, all of one length, which is a third of the size of a list of rows and what
pandas, polars, R and Arquero make a table of as it is.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.release.documents import utc, write_csv, write_json
from pipelines.release.marks import data_origin
from pipelines.release.openapi import SAID_ONCE, description
from pipelines.release.reading import connect
from pipelines.release.record import Indicator, Record, Table
from pipelines.release.values import read_values
from pipelines.settings import DUCKDB_FILE

API = Path("api/v1")
FORMATS = ("json", "csv", "parquet")
DOCUMENTS = {
    "datapackage": "datapackage.json",
    "csvw": "csv-metadata.json",
    "dcat": "dcat.jsonld",
    "duckdb": DUCKDB_FILE,
}
"""What a release holds beside the interface, by the name of its link."""


def write_api(candidate: Path, record: Record) -> list[Path]:
    """Write the whole interface into the candidate, and return what was written."""
    place = candidate / API
    written, listed, examples = [], [], {}
    with connect(candidate / DUCKDB_FILE) as connection:
        for indicator in record.indicators:
            figures = read_values(connection, indicator)
            written += _write_indicator(place / "indicators", indicator, figures, record)
            listed.append(_listed(indicator, figures))
            examples = examples or _examples(indicator, figures.head(2), record)
    examples |= {"IndicatorList": _list(listed[:1], record), "Release": _index(record, record.tables[:1])}
    return [
        *written,
        write_json(place / "indicators" / "index.json", _list(listed, record)),
        write_json(place / "index.json", _index(record, record.tables)),
        write_json(place / "openapi.json", description(record, examples)),
    ]


def read_figures(candidate: Path, indicator: Indicator) -> pl.DataFrame:
    """What values.read_values gives, from the file that `write_api` wrote: a twentieth of the time."""
    return pl.read_parquet(candidate / API / "indicators" / indicator.indicator_id / "data.parquet")


def _examples(indicator: Indicator, figures: pl.DataFrame, record: Record) -> dict[str, Any]:
    """What the description shows of one indicator."""
    return {"Indicator": _metadata(indicator, figures, record), "IndicatorData": _data(indicator, figures, record)}


def _list(listed: list[dict[str, Any]], record: Record) -> dict[str, Any]:
    links = {"self": "index.json", "release": "../index.json", "openapi": "../openapi.json"}
    return {**stamp(record), "links": links, "count": len(listed), "indicators": listed}


def stamp(record: Record) -> dict[str, str]:
    """What every answer begins with."""
    return {"release_id": record.release_id, "data_origin": data_origin(record.is_synthetic)}


def _write_indicator(place: Path, indicator: Indicator, figures: pl.DataFrame, record: Record) -> list[Path]:
    folder = place / indicator.indicator_id
    return [
        write_json(place / f"{indicator.indicator_id}.json", _metadata(indicator, figures, record)),
        write_json(folder / "data.json", _data(indicator, figures, record), compact=True),
        write_csv(folder / "data.csv", figures),
        _write_parquet(folder / "data.parquet", figures, record),
    ]


def _write_parquet(path: Path, figures: pl.DataFrame, record: Record) -> Path:
    figures.write_parquet(path, metadata=stamp(record))
    return path


def _data(indicator: Indicator, figures: pl.DataFrame, record: Record) -> dict[str, Any]:
    by_column = figures.drop(SAID_ONCE).with_columns(pl.selectors.date().dt.to_string())
    return {
        **stamp(record),
        "indicator_id": indicator.indicator_id,
        "name": indicator.name,
        "unit": indicator.unit,
        "links": {"self": "data.json", "metadata": f"../{indicator.indicator_id}.json"},
        "count": figures.height,
        "data": by_column.to_dict(as_series=False),
    }


def _metadata(indicator: Indicator, figures: pl.DataFrame, record: Record) -> dict[str, Any]:
    return {
        **stamp(record),
        **asdict(indicator),
        "count": figures.height,
        "periods": _periods(figures),
        "licence": record.licence["name"],
        "status": record.policy["status"],
        "links": {
            "self": f"{indicator.indicator_id}.json",
            "indicators": "index.json",
            **{form: f"{indicator.indicator_id}/data.{form}" for form in FORMATS},
        },
    }


def _periods(figures: pl.DataFrame) -> list[dict[str, Any]]:
    """First and last period of each type."""
    spans = figures.group_by("period_type").agg(
        pl.col("period_key").min().alias("first"), pl.col("period_key").max().alias("last")
    )
    return spans.sort("period_type").to_dicts()


def _listed(indicator: Indicator, figures: pl.DataFrame) -> dict[str, Any]:
    names = ("indicator_id", "name", "kind", "domain", "driver_id", "unit", "polarity")
    return {
        **{name: getattr(indicator, name) for name in names},
        "count": figures.height,
        "links": {
            "metadata": f"{indicator.indicator_id}.json",
            **{form: f"{indicator.indicator_id}/data.{form}" for form in FORMATS},
        },
    }


def _index(record: Record, tables: tuple[Table, ...]) -> dict[str, Any]:
    policy = record.policy
    return {
        **stamp(record),
        "schema_version": record.schema_version,
        "built_at": utc(record.built_at),
        **{name: policy[name] for name in ("title", "publisher", "contact", "status", "status_words", "notice")},
        "licence": record.licence,
        "links": {
            "self": "index.json",
            "indicators": "indicators/index.json",
            "openapi": "openapi.json",
            "fingertips_data": "fingertips/data.csv",
            "fingertips_metadata": "fingertips/metadata.csv",
            **{name: f"../../{path}" for name, path in DOCUMENTS.items()},
        },
        "tables": [_table(table.name, table.rows, record) for table in tables],
    }


def _table(name: str, rows: int, record: Record) -> dict[str, Any]:
    files = {form: f"../../{form}/{name}{record.suffix}.{form}" for form in ("csv", "parquet")}
    return {"name": name, "count": rows, "links": files}
