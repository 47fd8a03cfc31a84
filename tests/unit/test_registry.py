"""The registry: strict, helpful, and complete in what it reports."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from pipelines.errors import Faults
from pipelines.registry import forget_sources, load_sources
from pipelines.settings import PROJECT_ROOT, SOURCES_DIR
from schemas.source import Measure

REAL = "sickness_absence.yml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(SOURCES_DIR / REAL, tmp_path / REAL)
    return tmp_path


def faults_of(folder: Path) -> str:
    with pytest.raises(Faults) as caught:
        load_sources(folder)
    return str(caught.value)


def change(folder: Path, old: str, new: str) -> None:
    path = folder / REAL
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_shipped_sources_load_with_their_inbox_last():
    sources = load_sources()
    assert set(sources) == {
        "ae_four_hour",
        "cancer_62_day",
        "cqc_api_locations",
        "cqc_api_providers",
        "bsa_nhs_satisfaction",
        "cqc_location_ratings",
        "cqc_provider_ratings",
        "impact_self_assessment",
        "nhs_staff_survey",
        "nhse_ae_system_mapping",
        "ods_api_organisations",
        "ods_api_successions",
        "ods_care_trusts",
        "ods_sub_icb_locations",
        "ods_successions",
        "ods_successions_archived",
        "ods_successions_converted",
        "nhs_staff_survey_benchmark",
        "nhs_staff_survey_national",
        "ods_trusts",
        "oversight_framework_league_table",
        "oversight_framework_metrics",
        "rtt_full_extract",
        "shmi",
        "shmi_archive",
        "sickness_absence",
        "trust_code_changes",
    }
    assert list(sources)[-1] == "impact_self_assessment"


def test_sources_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_sources()["ods_trusts"].source_name = "other"


def test_unknown_key_names_the_nearest(folder):
    change(folder, "publisher:", "publsher:")
    assert "unknown key `publsher`" in faults_of(folder)
    assert "the nearest is `publisher`" in faults_of(folder)


def test_unknown_key_deep_inside(folder):
    change(folder, "outcome_domain: staff", "outcome_domian: staff")
    assert "`measures.0.outcome_domian`; " not in faults_of(folder)
    assert "the nearest is `outcome_domain`" in faults_of(folder)


def test_all_faults_of_all_files_at_once(folder):
    change(folder, "cadence: monthly", "cadence: fortnightly")
    (folder / "broken.yml").write_text("source_id: [unclosed")
    (folder / "twice.yml").write_text("source_id: twice\nsource_id: again\n")
    report = faults_of(folder)
    assert "`cadence` is 'fortnightly'" in report
    assert "broken.yml" in report
    assert "key given twice: source_id" in report


def test_column_that_no_shape_has(folder):
    change(folder, "org_kind: ORG_TYPE", "org_knid: ORG_TYPE")
    assert "column `org_knid`" in faults_of(folder)
    assert "no rule for `org_kind`" in faults_of(folder)


def test_an_unknown_shape_is_answered_with_those_that_are_known(folder):
    change(folder, "shape: ", "shape: not_")
    assert ", provider_items, " in faults_of(folder) and "the nearest is " in faults_of(folder)


def test_measure_defined_twice(folder):
    text = (folder / REAL).read_text().replace("source_id: sickness_absence", "source_id: other")
    (folder / "other.yml").write_text(text)
    assert "measure `sickness_absence`" in faults_of(folder)


def test_a_measure_that_shares_data_with_none_that_is_known(folder):
    change(folder, "shares_data_with: null", "shares_data_with: sickness_absense")
    assert "measure `sickness_absence`, shares_data_with" in faults_of(folder)
    assert "found     `sickness_absense`" in faults_of(folder)


@pytest.mark.parametrize("key", ["exposure", "minimum_denominator", "windows_overlap", "overlap_rule"])
def test_a_measure_says_what_is_at_risk_and_what_overlaps(folder, key):
    path = folder / REAL
    path.write_text("".join(line for line in path.read_text().splitlines(True) if f"    {key}:" not in line))
    assert f"no `measures.0.{key}`" in faults_of(folder)


def test_periods_that_overlap_are_not_pooled(folder):
    change(folder, "windows_overlap: false", "windows_overlap: true")
    assert "periods that overlap cannot be pooled" in faults_of(folder)


def test_shipped_measures_name_each_other_where_they_share_data():
    shared = {
        measure.measure_id: set((measure.shares_data_with or "").split("|")) - {""}
        for source in load_sources().values()
        for measure in source.measures
    }
    assert {one for one, others in shared.items() if not all(one in shared[other] for other in others)} == set()
    assert shared["rtt_within_18_weeks"] == {"rtt_over_52_weeks"}


def test_waits_are_not_compared_on_a_handful_of_patients():
    """Three trusts have fewer than 100 pathways on their list."""
    waits = load_sources()["rtt_full_extract"].measures
    assert {measure.minimum_denominator for measure in waits} == {100}


def test_each_outcome_domain_serves_a_part_of_the_aim():
    seeds = PROJECT_ROOT / "dbt_project" / "seeds"
    domains = list(csv.DictReader((seeds / "outcome_domain.csv").open()))
    (aim,) = (row["text"] for row in csv.DictReader((seeds / "theory_of_change.csv").open()) if row["step"] == "aim")
    assert {row["outcome_domain"] for row in domains} == set(
        get_args(Measure.model_fields["outcome_domain"].annotation)
    )
    assert all(row["aim"] in aim for row in domains)


def test_every_shipped_source_says_how_people_are_protected():
    rules = {name: source.disclosure.rule for name, source in load_sources().items()}
    assert {name for name, rule in rules.items() if rule != "publisher"} == {"impact_self_assessment"}
    assert rules["impact_self_assessment"] == "consent"


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("{rule: person_counts, round_to: 5}", "hide_up_to"),
        ("{rule: person_counts, hide_up_to: 7}", "round_to"),
        ("{rule: publisher, hide_up_to: 7}", "hide_up_to"),
        ("{rule: person_counts_exact_totals, hide_up_to: 7, round_to: 5}", "round_to"),
        ("{rule: rounded}", "person_counts"),
    ],
)
def test_thresholds_go_with_the_rule_that_needs_them(folder, rule, wrong):
    change(folder, "disclosure: {rule: publisher}", f"disclosure: {rule}")
    assert wrong in faults_of(folder)


def test_a_source_that_does_not_say_how_people_are_protected(folder):
    change(folder, "disclosure: {rule: publisher}\n", "")
    assert "disclosure" in faults_of(folder)


def test_exact_totals_are_not_for_periods_that_overlap(folder):
    change(folder, "disclosure: {rule: publisher}", "disclosure: {rule: person_counts_exact_totals, hide_up_to: 7}")
    load_sources(folder)
    change(folder, "annual_rule: pooled\n    windows_overlap: false", "annual_rule: latest\n    windows_overlap: true")
    forget_sources()
    assert "overlap could be subtracted" in faults_of(folder)


def test_only_counts_can_be_hidden_or_rounded(folder):
    (folder / REAL).unlink()
    shutil.copy(SOURCES_DIR / "shmi.yml", folder)
    text = (folder / "shmi.yml").read_text()
    rule = "disclosure: {rule: person_counts, hide_up_to: 7, round_to: 5}"
    (folder / "shmi.yml").write_text(text.replace("disclosure: {rule: publisher}", rule))
    assert "only provider_counts and provider_items hold counts" in faults_of(folder)


def test_file_name_is_the_source_id(folder):
    (folder / REAL).rename(folder / "renamed.yml")
    assert "`renamed`" in faults_of(folder)


def test_pattern_must_tell_the_edition(folder):
    change(folder, r"(?P<mon>[A-Z][a-z]+) (?P<year>\d{4})", ".*")
    assert "tells the edition" in faults_of(folder)


def test_a_pattern_that_is_none(folder):
    change(folder, "(?P<mon>[A-Z][a-z]+)", "((?P<mon>[A-Z][a-z]+)")
    assert "is no pattern: missing ), unterminated subpattern" in faults_of(folder)


def test_a_forgotten_key_is_named_and_no_more(folder):
    """The rest of the file is not repeated: the one line that matters would be lost in it."""
    change(folder, "owner: workforce analysis\n", "")
    assert "found     no `owner`\n" in faults_of(folder)
    assert "ORG_CODE" not in faults_of(folder)


def test_a_source_based_on_another_says_only_what_differs(folder):
    base_id = Path(REAL).stem
    (folder / "a_copy.yml").write_text(f"based_on: {base_id}\nsource_id: a_copy\nmeasures: []\n")
    sources = load_sources(folder)
    base, copy = sources[base_id], sources["a_copy"]
    assert (copy.columns, copy.files, copy.measures) == (base.columns, base.files, ())


def test_a_source_based_on_none_is_named(folder):
    (folder / "a_copy.yml").write_text("based_on: no_such_source\nsource_id: a_copy\n")
    assert "the id of another source" in faults_of(folder)


def test_what_a_source_says_is_written_alike_in_every_process():
    """Files are read again where it differs; a set would be written in another order by each run of Python."""
    code = "from pipelines.registry import load_sources as s; print([x.model_dump_json() for x in s().values()])"
    written = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROJECT_ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert written[0] == written[1] and "known_keys" in written[0]


def test_a_list_that_names_values_decides_what_is_accepted():
    """Files are read again when it changes, whether or not `known_in` has the same list."""
    returns = load_sources()["impact_self_assessment"].model_copy(update={"known_in": {}})
    assert returns.reference_lists == ("instrument_level",)
