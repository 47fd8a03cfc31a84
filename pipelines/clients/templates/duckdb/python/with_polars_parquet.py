"""The release in its parquet files, as polars frames.{{ synthetic_sentence }}

Needs: pip install polars
Run:   python with_polars_parquet.py [ORGANISATION [MEASURE]]
"""

import sys
from pathlib import Path

import polars as pl

# The link is followed once, so that every table comes from one release, whatever is put out meanwhile.
FOLDER = Path({{ parquet | python }}).resolve()
{% include "parts/frames_head.py" %}


def table(name):
    """One table, of which only what is asked for is read."""
    return pl.scan_parquet(FOLDER / f"{name}{{ mark }}.parquet")


release = table("release_info").collect()
associations = (
    table("pub_driver_outcome_association")
    .filter(
        pl.col("measure_id") == MEASURE,
        pl.col("basis") == "staff_survey_evidence",
        pl.col("exposure_kind") == "driver",
        pl.col("organisation_type") == "all",
        pl.col("alignment") == "same_year",
        ~pl.col("is_circular"),
        pl.col("rho_low").is_not_null(),
    )
    .select("driver_id", "n", "rho", "rho_low", "rho_high", "q_value")
    .sort("driver_id")
    .collect()
)
maturity = (
    table("pub_driver_maturity")
    .filter(
        pl.col("round_key") == pl.col("round_key").max(),
        pl.col("org_code").is_null(),
        pl.col("organisation_type") == "all",
        pl.col("region_code") == "all",
    )
    .select("driver_id", "n_shared", "n_eligible", "coverage_pct", "median_level", "value_status")
    .sort("driver_id")
    .collect()
)
values = (
    table("pub_measure_values").filter(pl.col("measure_id") == MEASURE, pl.col("period_type") != "month").collect()
)
{% include "parts/polars_end.py" %}
