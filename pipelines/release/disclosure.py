"""Disclosure control on the way into the candidate: what may not be shown never reaches one of its bytes.

Belongs here: which released tables show the figures of a source, and how each is controlled. Does not belong here: the
rules for counts (statistics/suppression.py), which rule a source has (sources/*.yml), or self-assessments (dbt).

A file from which a value is deleted may still hold it. So rows are controlled before they are written. Sources whose
publisher has protected their figures are copied as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from pipelines.errors import Fault
from pipelines.release.reading import identifier, literal
from pipelines.settings import Workspace
from pipelines.statistics import suppression
from pipelines.statistics.suppression import Sum
from schemas import published
from schemas.source import Measure, Source

KEPT = "withheld.parquet"
SENTENCE = "Not shown: it rests on counts of persons that are under disclosure control."
PERIOD = ("org_code", "period_type", "period_key")


@dataclass(frozen=True)
class Figures:
    """A table with numerators, denominators and values of measures; `names` begin the names of their columns."""

    names: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Derived:
    """A table worked out from exact figures: of a source of counts of persons it keeps its key and these columns.

    by: the column that tells whose rows they are.
    """

    kept: tuple[str, ...]
    by: str = "measure_id"


COUNTED = {
    "fct_measure_values": Figures(),
    "pub_measure_values": Figures(),
    "pub_measure_values_todays_footprint": Figures(),
    "pub_value_revisions": Figures(("old_", "new_")),
}
DERIVED = {
    "pub_outcome_by_maturity_level": Derived(
        ("exposure_kind", "driver_id", "exposure_period_key", "outcome_period_key", "level_label", "is_difference")
        + ("is_blurred",)
    ),
    "pub_revisions": Derived(
        ("is_announced", "rows_added", "rows_removed", "rows_changed", "rows_relabelled", "organisations")
        + ("old_vintage", "published_on"),
        by="source_id",
    ),
    "pub_variation": Derived(("org_name", "organisation_type", "comparison_group")),
}
_OTHER_SHAPE = "its sources are of a shape that no rule for counts of persons allows"
_NO_FIGURES = "it holds no figure of a source"
_CONSENT = "it rests on self-assessments, which dbt controls"
SAFE = {
    "bridge_organisation_succession": _NO_FIGURES,
    "dictionary": _NO_FIGURES,
    "dim_driver": _NO_FIGURES,
    "dim_measure": _NO_FIGURES,
    "dim_organisation": _NO_FIGURES,
    "dim_period": _NO_FIGURES,
    "dim_secondary_driver": _NO_FIGURES,
    "dim_source": _NO_FIGURES,
    "dim_survey_question": _NO_FIGURES,
    "fct_cqc_ratings": _OTHER_SHAPE,
    "fct_oversight_metrics": _OTHER_SHAPE,
    "fct_oversight_positions": _OTHER_SHAPE,
    "fct_standardised_ratios": _OTHER_SHAPE,
    "fct_survey_benchmarks": _OTHER_SHAPE,
    "fct_survey_results": _OTHER_SHAPE,
    "pub_corrections": "it counts cells, not persons",
    "pub_driver_evidence": _OTHER_SHAPE,
    "pub_driver_maturity": _CONSENT,
    "pub_driver_outcome_association": "correlations over many organisations, for which the rule asks nothing",
    "pub_maturity_agreement": _CONSENT,
    "pub_maturity_change": _CONSENT,
    "pub_maturity_distribution": _CONSENT,
    "pub_maturity_items": _CONSENT,
    "pub_maturity_responses": _CONSENT,
    "pub_national_context": "national figures, which the rule leaves as they are",
    "pub_organisation_history": _NO_FIGURES,
    "pub_release_changes": "it is made from tables of two releases, which are controlled",
    "pub_response_bias": "means over many organisations, worked out from rounded differences",
    "pub_source_status": "it counts rows, not persons",
    "pub_survey_national": _OTHER_SHAPE,
    "pub_suspected_defects": _OTHER_SHAPE,
    "pub_theory_of_change": _NO_FIGURES,
    "release_info": _NO_FIGURES,
}
"""Tables that are copied whatever rule a source has, and why they may be."""


class Control:
    """The rules of all sources over one build file, which is attached to the connection as `build`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sources: Mapping[str, Source]) -> None:
        self.connection = connection
        self.sources = {key: source for key, source in sources.items() if source.disclosure.is_of_persons}
        self.measures = {
            measure.measure_id: (source, measure) for source in self.sources.values() for measure in source.measures
        }
        self.withheld: list[pl.DataFrame] = []

    def rows(self, name: str, schema: str) -> str:
        """What to select from instead of the table, so that nothing withheld is read into the candidate.

        Raises Fault where nobody has said how this table is controlled.
        """
        table = f"build.{identifier(schema)}.{identifier(name)}"
        if not self.sources or name in SAFE:
            return table
        if name not in COUNTED and name not in DERIVED:
            raise _unknown(name)
        by = DERIVED[name].by if name in DERIVED else "measure_id"
        controlled = self.sources if by == "source_id" else self.measures
        listed = ", ".join(literal(key) for key in sorted(controlled))
        if not listed:
            return table
        rows = self.connection.execute(f"select * from {table} where {by} in ({listed})").pl()
        told = self._counted(name, rows) if name in COUNTED else _keyed(name, rows)
        self.connection.register(f"told_{name}", told.to_arrow())
        return (
            f"(select * from {table} where {by} is null or {by} not in ({listed}) "
            f"union all by name select * from told_{name})"
        )

    def keep(self, workspace: Workspace) -> None:
        """Writes what was withheld and why, for the gate and for nobody else."""
        path = withheld_path(workspace)
        path.unlink(missing_ok=True)
        if self.withheld:
            path.touch(mode=0o600)
            pl.concat(self.withheld).write_parquet(path)

    def _counted(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        parts = rows.partition_by("measure_id", as_dict=True).items()
        return pl.concat([rows.clear(), *(self._of_measure(name, measure_id, part) for (measure_id,), part in parts)])

    def _of_measure(self, name: str, measure_id: str, rows: pl.DataFrame) -> pl.DataFrame:
        source, measure = self.measures[measure_id]
        for beginning in COUNTED[name].names:
            columns, before = _Columns(beginning, source, measure), rows
            if source.disclosure.rule == "person_counts":
                rows = columns.rounded(before)
            else:
                rows = columns.hidden(before, self.patterns[source.source_id])
            self.withheld.append(columns.withheld(name, before, rows))
        return rows

    @cached_property
    def patterns(self) -> dict[str, set[tuple[str, str, str]]]:
        """By source with exact totals: organisations and periods that are hidden in every table and vintage."""
        exact = [one for one in self.sources.values() if one.disclosure.rule == "person_counts_exact_totals"]
        return {source.source_id: self._pattern(source) for source in exact}

    def _pattern(self, source: Source) -> set[tuple[str, str, str]]:
        listed = ", ".join(literal(measure.measure_id) for measure in source.measures)
        columns = "measure_id, org_code, period_type, period_key, numerator, denominator"
        latest, every = (
            self.connection.execute(
                f"select {wanted} from build.{table} where measure_id in ({listed}) "
                "and numerator is not null and denominator is not null order by all"
            ).pl()
            for table, wanted in (
                ("published.pub_measure_values", f"{columns}, period_start, period_end"),
                ("core.fct_measure_values", columns),
            )
        )
        return exact_pattern(latest, every, source)


@dataclass(frozen=True)
class _Columns:
    """The columns of one figure, and the rules on them."""

    beginning: str
    source: Source
    measure: Measure

    def rounded(self, rows: pl.DataFrame) -> pl.DataFrame:
        rule, national = self.source.disclosure, pl.col("org_code") == published.ENGLAND
        counts = [
            pl.when(national)
            .then(pl.col(name))
            .otherwise(suppression.rounded(pl.col(name), rule.hide_up_to, rule.round_to))
            .alias(name)
            for name in (self.numerator, self.denominator)
        ]
        share = pl.when(pl.col(self.denominator) > 0).then(
            self.factor * pl.col(self.numerator) / pl.col(self.denominator)
        )
        value = pl.when(national | pl.col(self.value).is_null()).then(pl.col(self.value)).otherwise(share)
        return self._stated(rows, rows.with_columns(counts).with_columns(value.alias(self.value)))

    def hidden(self, rows: pl.DataFrame, pattern: Collection[tuple[str, str, str]]) -> pl.DataFrame:
        """A row under today's organisation is hidden with any of those that it combines."""
        codes = "combined_from" if "combined_from" in rows.columns else "org_code"
        periods = zip(rows[codes], rows["period_type"], rows["period_key"], strict=True)
        is_hidden = pl.Series(
            [any((code, *when) in pattern for code in (listed or "").split("|")) for listed, *when in periods],
            dtype=pl.Boolean,
        )
        uncounted = pl.any_horizontal(pl.col(self.numerator, self.denominator).is_null())
        nothing = pl.when(~(is_hidden | uncounted))
        figures = (self.numerator, self.denominator, self.value)
        return self._stated(rows, rows.with_columns(nothing.then(pl.col(name)).alias(name) for name in figures))

    def _stated(self, rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
        lost = rows[self.value].is_not_null() & told[self.value].is_null()
        status = pl.when(lost).then(pl.lit("suppressed")).otherwise(pl.col(self.status))
        return told.with_columns(status.alias(self.status))

    def withheld(self, table: str, rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
        """One row for each figure that is not told: where it stood, what it was, and the reason that counts."""
        small = pl.any_horizontal(
            suppression.is_small(pl.col(name), self.source.disclosure.hide_up_to)
            for name in (self.numerator, self.denominator)
        )
        why = (
            pl.when(pl.col(self.status) == "suppressed")
            .then(pl.lit(suppression.SOURCE))
            .when(small)
            .then(pl.lit(suppression.PRIMARY))
            .otherwise(pl.lit(suppression.SECONDARY))
        )
        return pl.concat(
            rows.filter(rows[name].is_not_null() & told[name].is_null()).select(
                pl.lit(table).alias("table_name"),
                "measure_id",
                *PERIOD,
                pl.lit(name).alias("column_name"),
                pl.col(name).alias("figure"),
                why.alias("reason"),
            )
            for name in (self.numerator, self.denominator, self.value)
        )

    @property
    def factor(self) -> int:
        return 100 if self.measure.unit == "percent" else 1

    @property
    def numerator(self) -> str:
        return f"{self.beginning}numerator"

    @property
    def denominator(self) -> str:
        return f"{self.beginning}denominator"

    @property
    def value(self) -> str:
        return f"{self.beginning}value"

    @property
    def status(self) -> str:
        return f"{self.beginning}value_status"


def withheld_path(workspace: Workspace) -> Path:
    """What the candidate of the workspace withholds. Never part of a release."""
    return workspace.base / KEPT


def exact_pattern(latest: pl.DataFrame, every: pl.DataFrame, source: Source) -> set[tuple[str, str, str]]:
    """Organisations and periods to hide, the same for all measures of the source, which may share counts.

    latest: the newest counts with England's and the years'. every: those of every vintage; what is small in one is
    hidden in all, so that a revision tells nothing.
    """
    most = source.disclosure.hide_up_to
    small = every.filter(
        pl.any_horizontal(suppression.is_small(pl.col(name), most) for name in ("numerator", "denominator"))
    )
    cells = dict.fromkeys(latest.select(PERIOD).iter_rows(), 0)
    tables = [
        cells | {tuple(row[:3]): round(row[3]) for row in part.select(*PERIOD, name).iter_rows()}
        for part in latest.partition_by("measure_id")
        for name in ("numerator", "denominator")
    ]
    forced = set(small.select(PERIOD).iter_rows())
    return set(suppression.hide_alike(tables, _sums(latest), most, forced & cells.keys())) | forced


def _sums(latest: pl.DataFrame) -> list[Sum]:
    """England is the sum of organisations; a year that of its parts. England's year follows from these."""
    periods = latest.select(*PERIOD, "period_start", "period_end").unique(maintain_order=True)
    is_england = pl.col("org_code") == published.ENGLAND
    of_england = [
        Sum(tuple(rows.filter(~is_england).select(PERIOD).iter_rows()), (published.ENGLAND, *key))
        for key, rows in periods.partition_by("period_type", "period_key", as_dict=True, maintain_order=True).items()
        if rows.select(is_england.any()).item()
    ]
    parts = periods.filter(~is_england, pl.col("period_type").is_in(["month", "quarter"]))
    years = periods.filter(~is_england, pl.col("period_type") == "financial_year")
    within = years.join(parts, on="org_code", suffix="_part", maintain_order="left_right").filter(
        pl.col("period_start_part") >= pl.col("period_start"), pl.col("period_end_part") <= pl.col("period_end")
    )
    of_years = [
        Sum(tuple(rows.select("org_code", "period_type_part", "period_key_part").iter_rows()), key)
        for key, rows in within.partition_by(PERIOD, as_dict=True, maintain_order=True).items()
    ]
    return of_england + of_years


def _keyed(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The key and what else is kept; of the rest nothing, because its sentence and limits would tell the figures."""
    told = {*published.table(name).key, *DERIVED[name].kept, "data_origin"}
    instead = {"value_status": "suppressed", "sentence": SENTENCE}
    return rows.with_columns(
        pl.lit(instead.get(column)).cast(kind).alias(column)
        for column, kind in rows.schema.items()
        if column not in told
    )


def _unknown(name: str) -> Fault:
    return Fault(
        where=f"table {name}: a source holds counts of persons",
        found="nobody has said how this table is kept from giving them away",
        expected="every released table under COUNTED, DERIVED or SAFE in pipelines/release/disclosure.py",
        likely="the table is new",
        todo="enter it there, with the reason where it is safe",
    )
