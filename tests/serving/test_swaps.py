"""Readers of both engines while releases are promoted: a small version of tests/benchmarks/serving.py."""

from __future__ import annotations

import small

from pipelines.settings import Workspace
from tests.benchmarks import serving as benchmark

VERSIONS = [f"2026.{number}.0" for number in range(1, 5)]


def test_no_statement_fails_or_mixes_two_releases(postgres, tmp_path, monkeypatch):
    place = Workspace(tmp_path, "synthetic")
    monkeypatch.setenv("IMPACT_POSTGRES_URL", "")
    monkeypatch.setenv("PYTHONPATH", "")
    for version in VERSIONS:
        small.out(place, version)
    answers, promotions = benchmark.measure(
        place, postgres.url_of(postgres.database()), VERSIONS, seconds=3.0, readers=1, which="small"
    )
    assert len(promotions) == 3
    assert [answer for answer in answers if answer.error] == []
    assert [answer for answer in answers if len(answer.releases) > 1] == []
    for engine in ("duckdb", "postgres"):
        seen = {release for answer in answers if answer.engine == engine for release in answer.releases}
        assert VERSIONS[-1] in seen and len(seen) > 1, engine


def test_the_questions_of_the_benchmark_are_those_of_the_readme():
    asked = benchmark.questions()
    assert len(asked) > 25
    assert all(sql.lstrip().startswith("select") for sql in asked.values())
