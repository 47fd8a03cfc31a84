"""What Dagster loads: assets, checks, jobs, schedules, sensors. Nothing is computed here."""

from __future__ import annotations

from dagster import AssetSelection, Definitions, define_asset_job

from pipelines import settings
from pipelines.assets import history, raw, release, staged, warehouse
from pipelines.executing import one_writer
from pipelines.registry import load_sources
from pipelines.schedules import REFRESH, inbox_sensor, prune_weekly, refresh_due, release_day, watch_sensor

SOURCES = load_sources()
WAREHOUSE = warehouse.warehouse_assets(settings.workspace())
MARTS = [key for key in WAREHOUSE.keys if key.path[0] == "marts"]

refresh = define_asset_job(
    REFRESH,
    selection=AssetSelection.all(),
    description="Published files in, a served release out. Does nothing where nothing changed.",
)

as_at = define_asset_job(
    "as_at",
    selection=AssetSelection.all() - AssetSelection.assets(release.GATE, release.RELEASE, release.SERVING),
    description="The warehouse from what was known on an earlier day, `IMPACT_AS_AT`; nothing of it is served.",
)

defs = Definitions(
    assets=[
        raw.fetched_files,
        raw.arrived_files,
        *(raw.raw_asset(source) for source in SOURCES.values()),
        *(staged.staged_asset(source) for source in SOURCES.values()),
        staged.staged_registry,
        WAREHOUSE,
        release.candidate_asset(MARTS),
        release.gate,
        release.published,
    ],
    asset_checks=[raw.every_publisher_answered],
    jobs=[refresh, as_at, release.publish_due, history.prune_history],
    schedules=[
        refresh_due(refresh.name),
        release_day(release.publish_due.name),
        prune_weekly(history.prune_history.name),
    ],
    sensors=[inbox_sensor(refresh.name), watch_sensor()],
    executor=one_writer,
)
