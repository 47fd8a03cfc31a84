"""The dbt project: its unit tests pass, and its contracts and data tests refuse what is wrong.

Each refusal happens in a copy of the warehouse that the sample built.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.release.gate import Examiner
from pipelines.release.rules import content
from pipelines.settings import DBT_PROJECT_DIR
from tests.running import dbt


@pytest.fixture(scope="module")
def place(served_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own. It is the same for every test here, because dbt parses everything again at another path."""
    home = tmp_path_factory.mktemp("copy")
    shutil.copytree(served_sample / "synthetic" / "staged", home / "synthetic" / "staged")
    return home


@pytest.fixture
def copy(served_sample: Path, place: Path) -> Path:
    """The home with an undamaged warehouse, under the same file name, which its views need."""
    warehouse = place / "synthetic" / "warehouse"
    shutil.rmtree(warehouse, ignore_errors=True)
    shutil.copytree(served_sample / "synthetic" / "warehouse", warehouse)
    return place


def test_unit_tests_pass(copy):
    outcome = dbt(copy, DBT_PROJECT_DIR, "test", "--select", "test_type:unit")
    assert len(outcome) >= 25
    assert {name: status for name, status in outcome.items() if not status.startswith("pass")} == {}


# A wrong value in a built table, and the data test that must see it.
DAMAGE = {
    "update core.fct_measure_values set value_status = 'fine' where measure_id = 'sickness_absence'": (
        "accepted_values_fct_measure_values_value_status"
    ),
    "update core.fct_measure_values set org_code = 'QQQQQ' where org_code = 'ZX001'": (
        "relationships_fct_measure_values_org_code"
    ),
    "update published.pub_measure_values set value = null where value_status = 'observed' and org_code = 'ZX003'": (
        "assert_value_agrees_with_status"
    ),
    "update published.pub_driver_maturity set value_status = 'observed' where value_status = 'suppressed'": (
        "assert_small_cells_stay_hidden"
    ),
    "update published.pub_response_bias set n_shared = 5 where n_shared is null": "assert_sharers_stay_uncounted",
    "update published.pub_driver_maturity set org_code = 'ZX999' where org_code is not null": (
        "assert_nothing_private_is_published"
    ),
    "update intermediate.int_oversight_quarters__ranked set framework_version = null": (
        "not_null_int_oversight_quarters__ranked_framework_version"
    ),
    "update intermediate.int_organisations__resolved set is_cycle = true where org_code = 'ZX001'": (
        "assert_successions_can_be_followed"
    ),
    "delete from published.pub_measure_values_todays_footprint where org_code = 'ZX211'": (
        "assert_footprint_conserves_totals"
    ),
    "delete from reference.measure_item where measure_id = 'staff_engagement' and concept = 'q3f'": (
        "assert_measure_items_agree"
    ),
    "update reference.survey_item set driver_id = 'people_and_culture' where concept = 'q3f'": (
        "assert_circularity_follows_the_items"
    ),
    "update reference.survey_item_secondary_driver set sd_key = 'early_warning_quality_risk' where concept = 'q3d'": (
        "assert_secondary_drivers_agree_with_drivers"
    ),
    "update published.pub_driver_outcome_association set rho_low = -0.1 where rho_low > 0": (
        "assert_sentences_claim_no_more_than_their_rows"
    ),
    "update core.fct_maturity_responses set level = 9": "assert_levels_are_of_their_instrument",
    "update staging.stg_ae_four_hour__counts set value = value + 100000 where item_name like 'over_4_hours%'": (
        "assert_ae_over_four_hours_within_attendances"
    ),
    "update staging.stg_cancer_62_day__counts set value = value + 0.5 where slice = 'treatment'": (
        "assert_cancer_slices_agree"
    ),
    "update staging.stg_cancer_62_day__counts set value = value - 0.5 where item_name = 'within_standard'": (
        "assert_cancer_breaches_make_up_the_rest"
    ),
}


def test_data_tests_see_damage(copy):
    with duckdb.connect(str(copy / "synthetic" / "warehouse" / "build.duckdb")) as connection:
        for view in ("staging.stg_ae_four_hour__counts", "staging.stg_cancer_62_day__counts"):
            connection.execute(f"create temp table held as from {view}; drop view {view}")
            connection.execute(f"create table {view} as from held; drop table held")
        for statement in DAMAGE:
            connection.execute(statement)
    outcome = dbt(copy, DBT_PROJECT_DIR, "test", "--select", "config.materialized:table", "test_type:data")
    failed = {name for name, status in outcome.items() if status.startswith("fail")}
    unseen = [test for test in DAMAGE.values() if not any(name.startswith(test) for name in failed)]
    assert unseen == []


# A wrong value in a released table that no model reads: its rules stand in schemas/published.py, for the gate alone.
DAMAGE_SEEN_BY_THE_GATE = {
    "insert into published.pub_measure_values from published.pub_measure_values limit 1": (
        "unique_key:pub_measure_values"
    ),
    "update published.pub_driver_evidence set score = 101 where org_code = 'ZX002'": (
        "range:pub_driver_evidence.score"
    ),
    "insert into core.fct_oversight_metrics from core.fct_oversight_metrics limit 1": (
        "unique_key:fct_oversight_metrics"
    ),
    "insert into core.fct_oversight_positions from core.fct_oversight_positions limit 1": (
        "unique_key:fct_oversight_positions"
    ),
    "insert into core.fct_standardised_ratios from core.fct_standardised_ratios limit 1": (
        "unique_key:fct_standardised_ratios"
    ),
    "insert into published.pub_national_context from published.pub_national_context limit 1": (
        "unique_key:pub_national_context"
    ),
    "update published.pub_driver_outcome_association set rho = 1.5 where rho > 0": (
        "range:pub_driver_outcome_association.rho"
    ),
    "update core.bridge_organisation_succession set kind = 'swallowed'": (
        "vocabulary:bridge_organisation_succession.kind"
    ),
}


def test_gate_sees_damage(copy, tmp_path):
    judged = {check_id.split(":")[1].split(".")[0] for check_id in DAMAGE_SEEN_BY_THE_GATE.values()}
    with duckdb.connect(str(copy / "synthetic" / "warehouse" / "build.duckdb")) as connection:
        connection.execute("set search_path = 'core,published'")
        for statement in DAMAGE_SEEN_BY_THE_GATE:
            connection.execute(statement)
        examiner = Examiner(connection, "2026.1.0", tmp_path)
        examinations = [part for part in content("synthetic", "2026.1.0") if part.name in judged]
        outcomes = [outcome for part in examinations for outcome in examiner.examine(part)]
    failed = {check.check_id for check, fault in outcomes if fault}
    assert set(DAMAGE_SEEN_BY_THE_GATE.values()) - failed == set()


def test_contract_refuses_another_type_and_an_empty_key(copy, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    published = project / "models" / "marts" / "published"
    change(published / "pub_driver_evidence.sql", "evidence.driver_id,", "1 as driver_id,")
    change(published / "pub_suspected_defects.sql", "'constant_column' as check_id", "null as check_id")
    change(published / "pub_suspected_defects.sql", "'repeated_key' as check_id", "cast(null as string) as check_id")
    outcome = dbt(copy, project, "run", "--select", "pub_driver_evidence", "pub_suspected_defects")
    assert "contract" in outcome["pub_driver_evidence"]
    assert "NOT NULL" in outcome["pub_suspected_defects"]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
