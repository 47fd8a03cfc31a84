"""Writes the whole synthetic national sample below one folder.

Belongs here: the order of the sources and the summary. Does not belong here: any file's content.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.sample import (
    ae,
    cancer,
    context,
    mortality,
    organisations,
    oversight,
    population,
    ratings,
    sickness,
    submissions,
    survey,
    survey_benchmark,
    survey_national,
    waiting,
)

WRITERS: dict[str, Callable[[Path, population.Population], list[Path]]] = {
    organisations.SOURCE: organisations.write,
    organisations.SUCCESSIONS: organisations.write_successions,
    survey.SOURCE: survey.write,
    survey_national.SOURCE: survey_national.write,
    survey_benchmark.SOURCE: survey_benchmark.write,
    ratings.SOURCE: ratings.write,
    waiting.SOURCE: waiting.write,
    sickness.SOURCE: sickness.write,
    ae.SOURCE: ae.write,
    cancer.SOURCE: cancer.write,
    mortality.SOURCE: mortality.write,
    oversight.METRICS_SOURCE: oversight.write_metrics,
    oversight.TABLE_SOURCE: oversight.write_table,
    context.SOURCE: context.write,
    submissions.SOURCE: submissions.write,
}


@dataclass(frozen=True)
class SampleSummary:
    """What was written: organisations ever open, and the files of each source."""

    organisations: int
    files: dict[str, tuple[Path, ...]]

    @property
    def file_count(self) -> int:
        """All files of all sources."""
        return sum(len(paths) for paths in self.files.values())

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for paths in self.files.values() for path in paths)


def write_sample(folder: Path, progress: Callable[[str], None] | None = None) -> SampleSummary:
    """Write every file of the sample below `folder`: a folder for each source, submissions/ for the inbox.

    The bytes are the same at every run. `progress` is told, in a line, when a source is done.
    """
    people = population.build()
    files: dict[str, tuple[Path, ...]] = {}
    for source, write in WRITERS.items():
        files[source] = tuple(write(folder, people))
        if progress:
            progress(f"SYNTHETIC {source}: {len(files[source])} files")
    return SampleSummary(len(people.organisations), files)
