"""Assets `staged/<source>` and their checks: accepted rows as parquet, and the registry's tables for dbt.

Belongs here: one asset and its checks for each source. Does not belong here: reading and accepting (staging.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    asset,
    asset_check,
    multi_asset,
)

from pipelines import settings, staging
from pipelines.assets.raw import OWNER
from pipelines.editions import tables
from pipelines.registry import load_sources
from schemas.source import Source

REGISTRY = tuple(AssetKey(["staged", table]) for table in tables.REGISTRY)


def staged_asset(source: Source) -> AssetsDefinition:
    """The asset that holds the accepted rows of one source."""

    @asset(
        key=AssetKey(["staged", source.source_id]),
        deps=[
            AssetKey(["raw", source.source_id]),
            *(AssetKey(["staged", other]) for other in source.known_organisations_from),
        ],
        group_name="ingest",
        owners=[OWNER],
        description=f"Accepted rows of {source.source_name}, shape {source.shape}; rejects lie beside them.",
        kinds={"parquet", "polars"},
    )
    def stage() -> MaterializeResult:
        result = staging.stage_source(source, settings.workspace())
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
            }
        )

    return stage


def staged_checks(source: Source) -> list[AssetChecksDefinition]:
    """What a person should look at after staging; whether a release may go out is for the gate."""
    key = AssetKey(["staged", source.source_id])

    @asset_check(
        asset=key,
        name="no_rows_rejected",
        description=f"No row of {source.source_name} was turned away. Owner: {source.owner}.",
    )
    def no_rows_rejected() -> AssetCheckResult:
        result = staging.already_staged(source, settings.workspace())
        lost = result.total("rows_rejected")
        return AssetCheckResult(passed=lost == 0, severity=AssetCheckSeverity.WARN, metadata={"rows_rejected": lost})

    @asset_check(
        asset=key,
        name="no_file_refused",
        description=f"No file of {source.source_name} was refused whole or is held. Owner: {source.owner}.",
    )
    def no_file_refused() -> AssetCheckResult:
        reasons = staging.already_staged(source, settings.workspace()).reasons
        return AssetCheckResult(passed=not reasons, severity=AssetCheckSeverity.WARN, metadata={"reasons": reasons})

    return [no_rows_rejected, no_file_refused]


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
    staged = [staging.already_staged(source, workspace) for source in sources.values()]
    tables.write_registry(workspace, sources, staged)
    workspace.fingerprint.write_text(staging.fingerprint(workspace, staged), encoding="utf-8")
    yield from (MaterializeResult(asset_key=key) for key in REGISTRY)
