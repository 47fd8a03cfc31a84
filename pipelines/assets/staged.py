"""Assets `staged/<source>` and their checks: accepted rows as parquet, and the registry's tables for dbt.

Belongs here: one asset and its checks for each source. Does not belong here: reading and accepting (staging.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    asset,
    multi_asset,
)

from pipelines import settings, staging
from pipelines.assets.raw import OWNER
from pipelines.editions import tables
from pipelines.editions.awaited import awaited
from pipelines.operations.runs import size_of, step
from pipelines.registry import load_sources
from pipelines.store.whole import replace_text
from schemas.source import Source

IN_TIME = "arrived_in_time"
REGISTRY = tuple(AssetKey(["staged", table]) for table in tables.REGISTRY)


def staged_asset(source: Source) -> AssetsDefinition:
    """The asset that holds the accepted rows of one source, and its checks.

    The checks are what a person should look at after staging; whether a release may go out is for the gate. They are
    made in the same step, because a step for each costs Dagster more than the staging of a small source.
    """
    key = AssetKey(["staged", source.source_id])

    @asset(
        key=key,
        deps=[
            AssetKey(["raw", source.source_id]),
            *(AssetKey(["staged", other]) for other in source.known_organisations_from),
        ],
        group_name="ingest",
        owners=[OWNER],
        description=f"Accepted rows of {source.source_name}, shape {source.shape}; rejects lie beside them.",
        kinds={"parquet", "polars"},
        check_specs=_check_specs(source, key),
    )
    def stage() -> MaterializeResult:
        workspace = settings.workspace()
        with step(f"stage:{source.source_id}") as told:
            result = staging.stage_source(source, workspace)
            told.rows_out = result.total("rows_accepted")
            told.rows_in = told.rows_out + result.total("rows_rejected") + result.total("rows_out_of_scope")
            told.bytes_out = size_of(workspace.staged / source.source_id)
        return MaterializeResult(
            metadata={
                "files_accepted": result.count("accepted"),
                "files_held": result.count("held"),
                "files_refused": result.count("refused"),
                "files_read_again": result.read_again,
                "rows_accepted": result.total("rows_accepted"),
                "rows_rejected": result.total("rows_rejected"),
                "rows_out_of_scope": result.total("rows_out_of_scope"),
                "reasons": result.reasons,
            },
            check_results=_check_results(source, result),
        )

    return stage


def _check_specs(source: Source, key: AssetKey) -> list[AssetCheckSpec]:
    says = {
        "no_rows_rejected": f"No row of {source.source_name} was turned away. Owner: {source.owner}.",
        "no_file_refused": f"No file of {source.source_name} was refused whole or is held. Owner: {source.owner}.",
    }
    if source.calendar:
        says[IN_TIME] = (
            f"No edition of {source.source_name} is late beyond its grace of {source.calendar.grace_days} days. An "
            f"error where the source is required. Owner: {source.owner}."
        )
    return [AssetCheckSpec(name, asset=key, description=description) for name, description in says.items()]


def _check_results(source: Source, result: staging.StagedSource) -> list[AssetCheckResult]:
    """One for each of _check_specs; none stops a run."""
    lost, reasons = result.total("rows_rejected"), result.reasons
    found = {
        "no_rows_rejected": (lost == 0, {"rows_rejected": lost}),
        "no_file_refused": (not reasons, {"reasons": reasons}),
    }
    checks = [
        AssetCheckResult(check_name=name, passed=passed, severity=AssetCheckSeverity.WARN, metadata=metadata)
        for name, (passed, metadata) in found.items()
    ]
    return [*checks, _in_time(source, result)] if source.calendar else checks


def _in_time(source: Source, result: staging.StagedSource) -> AssetCheckResult:
    """Whether the edition that is awaited is late today."""
    one = awaited(source, result)
    late = one and one.days_late(settings.today())
    return AssetCheckResult(
        check_name=IN_TIME,
        passed=not late,
        severity=AssetCheckSeverity.ERROR if source.is_required else AssetCheckSeverity.WARN,
        metadata={"edition": one.edition, "due_on": str(one.due_on), "days_late": late or 0} if one else {},
    )


@multi_asset(
    name="staged_registry",
    specs=[
        AssetSpec(
            key,
            deps=[AssetKey(["staged", source_id]) for source_id in load_sources()],
            group_name="ingest",
            owners=[OWNER],
            description=f"What the registry knows, as a table for dbt: {key.path[-1]}.",
            kinds={"parquet"},
        )
        for key in REGISTRY
    ],
)
def staged_registry() -> Iterator[MaterializeResult]:
    """Also writes the fingerprint of everything that a release depends on."""
    workspace, sources = settings.workspace(), load_sources()
    with step("registry"):
        staged = [staging.already_staged(source, workspace) for source in sources.values()]
        tables.write_registry(workspace, sources, staged)
        replace_text(workspace.fingerprint, staging.fingerprint(workspace, staged))
    yield from (MaterializeResult(asset_key=key) for key in REGISTRY)
