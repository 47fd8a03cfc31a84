"""`impact organisations`: what it says is in words, whatever became of an organisation."""

from __future__ import annotations

import duckdb
import pytest
from rich.console import Console

from pipelines.succession_report import print_organisations


@pytest.mark.parametrize(
    ("status", "chain", "said"),
    [
        ("is_current", "ZX1", "under its own code (ZX1)"),
        ("rolled_forward", "ZX1|ZX2", "rolled forward (ZX1, then ZX2)"),
        ("split_not_rolled", "ZX1", "not rolled forward: split into parts of unknown size (ZX1)"),
        ("partial_not_rolled", "ZX1", "not rolled forward: a part of unknown size came or went (ZX1)"),
        ("missing_link", "ZX1", "under its own code: closed, and no source names a successor (ZX1)"),
        ("cycle_not_rolled", "ZX1", "not rolled forward: the successions go round in a circle (ZX1)"),
    ],
)
def test_what_became_of_the_figures_is_said_in_words(status, chain, said, tmp_path, capsys):
    release = tmp_path / "release.duckdb"
    with duckdb.connect(str(release)) as connection:
        connection.execute(
            "create table pub_organisation_history as select 'ZX1' as org_code, 'closed' as event, "
            f"date '2025-04-01' as event_on, null::varchar as to_code, '{chain}' as chain, "
            f"'{status}' as roll_forward_status, 'It closed.' as sentence"
        )
    print_organisations(release, "zx1", Console(width=400))
    assert f"figures: {said}\n" in capsys.readouterr().out
