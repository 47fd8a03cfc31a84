"""A small warehouse that stands in for dbt's: every promised table, just large enough for the gate.

Belongs here: invented tables in the shape of the promise, and the way from them to a candidate or release.
Does not belong here: any real figure, or a test.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines import release
from pipelines.release import access, embargo, outputs, waiting
from pipelines.release.export import export
from pipelines.settings import Workspace
from schemas import published
from tests import running

BUILT_AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
ORGANISATIONS = 120
SOURCES = (
    "ods_trusts",
    "nhs_staff_survey",
    "cqc_location_ratings",
    "rtt_full_extract",
    "sickness_absence",
    "impact_self_assessment",
)

_CELLS = """
    select 'm' || (i // 120) as measure_id, 'R' || (i % 120) as org_code, 'Trust' as org_name,
        'acute' as organisation_type, 'financial_year' as period_type, '2024-25' as period_key,
        date '2024-04-01' as period_start, date '2025-03-31' as period_end, 12 as n_periods,
        '2025-03' as edition, 'aaaaaaaaaaaa' as vintage,
        10.0::double as numerator, 30.0::double as denominator,
        case when i % 10 = 9 then null when i < 960 then i / 10.0 else (i % 10)::double end as value,
        case when i % 10 = 9 then 'suppressed' else 'observed' end as value_status,
        date '2025-06-26' as published_on
    from range(1080) as t(i)
"""
_TABLES = {
    "core.dim_driver": """
        select 'd' || i as driver_id, 'Driver ' || i as label, 'What driver ' || i || ' asks for.' as definition,
            i::integer as sort_order
        from range(5) as t(i)""",
    "core.dim_secondary_driver": "select 's' || i as sd_key, 'd' || (i // 3) as driver_id from range(15) as t(i)",
    "core.dim_organisation": """
        select 'R' || i as org_code, 'Trust ' || i as org_name, 'acute' as organisation_type, 'Y56' as region_code,
            'London' as region_name, 'QMJ' as icb_code, 'North ICB' as icb_name, null::date as closed_on,
            date '2024-01-01' as valid_from, null::date as valid_to, true as is_current, true as is_in_ods
        from range(120) as t(i)""",
    "core.bridge_organisation_succession": """
        select 'R120' as from_code, 'R0' as to_code, date '2020-04-01' as effective_on, 'merge_new_code' as kind,
            1.0::double as weight, 'ods_successions' as sources, false as is_recalled, true as is_verified""",
    "core.dim_measure": """
        select 'm' || i as measure_id, 'Measure, "no. ' || i || '"' as measure_name,
            'outcome' as measure_kind, 'rtt_full_extract' as source_id, 'operations' as outcome_domain,
            case when i = 8 then 'score' else 'percent' end as unit,
            case when i = 7 then 'lower_is_better' else 'higher_is_better' end as polarity,
            'Patients seen in time' as numerator_definition, 'Patients' as denominator_definition,
            'patients' as exposure, 'pooled' as annual_rule, false as windows_overlap,
            'Not to be averaged.' as overlap_rule, null::varchar as driver_id, 'Share seen in time.' as description,
            'Counts are rounded.' as limitations, 'Waiting harms.' as rationale,
            'It shows the share, and not why.' as interpretation,
            'Late patients may be left for last.' as perverse_incentive,
            case when i = 8 then 'none' else 'wilson' end as interval_method, date '2099-12-31' as review_date
        from range(9) as t(i)""",
    "core.dim_period": """
        select 'financial_year' as period_type, '2024-25' as period_key,
            date '2024-04-01' as period_start, date '2025-03-31' as period_end""",
    "core.dim_source": """
        select unnest(['ods_trusts', 'nhs_staff_survey', 'cqc_location_ratings', 'rtt_full_extract',
            'sickness_absence', 'impact_self_assessment']) as source_id,
            'Source' as source_name, 'NHS England' as publisher, 'https://example.org/source' as landing_page,
            'OGL v3.0' as licence, 'monthly' as cadence,
            'Contains NHS information' as attribution,
            source_id = 'impact_self_assessment' as is_restricted,
            source_id <> 'impact_self_assessment' as is_required,
            '2025' as next_edition, date '2026-03-12' as next_due_on""",
    "core.fct_measure_values": "select * exclude (org_name, organisation_type, period_start, period_end, n_periods) "
    f"from ({_CELLS})",
    "core.fct_survey_results": """
        select '2024' as edition, 'aaaaaaaaaaaa' as vintage, 'R' || (i % 120) as org_code,
            'q' || (i // 120) as question_id, 'Agree' as response_option, 'percent' as statistic,
            case when i % 50 = 0 then null else 1 / 3.0::double end as value,
            case when i % 50 = 0 then 'withheld' else 'observed' end as value_status
        from range(10200) as t(i)""",
    "core.fct_cqc_ratings": """
        select '2026-09-01' as edition, 'aaaaaaaaaaaa' as vintage, 'location' as rated_level,
            'R' || (i // 10) as rated_code, 'R' || (i // 10) as location_code, 'not_stated' as framework,
            'Overall' as service_group, 'Overall' as domain, 'Good' as rating, 'observed' as value_status
        from range(1000) as t(i)""",
    "core.fct_maturity_responses": """
        select '00d1f0c0ffee' || lpad(i::varchar, 4, '0') as submission_id, 'R' || i as org_code,
            case when i = 0 then 'published' else 'private' end as sharing_scope, i = 0 as is_reportable,
            'board_approved' as submission_status,
            'e1e1e1e1e1e1' as edition, 'f2f2f2f2f2f2' as vintage, 'observed' as value_status
        from range(3) as t(i)""",
    "published.pub_driver_maturity": """
        select 'd' || i as driver_id, '2026' as round_key, 'all' as organisation_type,
            'all' as region_code, null::varchar as org_code, null::varchar as org_name, 'v1' as instrument_version,
            20 as n_shared, 120 as n_eligible, 16.7::double as coverage_pct, 3.0::double as median_level,
            55.0::double as share_at_or_above_3, 'observed' as value_status, 'Of 120, 20 shared.' as sentence
        from range(5) as t(i)""",
    "published.pub_driver_evidence": """
        select 'd' || (i // 120) as driver_id, 'R' || (i % 120) as org_code, 'Trust' as org_name,
            'acute' as organisation_type, 'Y56' as region_code, '2024' as period_key, 'v1' as mapping_version,
            60.5::double as score, 61.5::double as rival_score, 4 as items_shown, 4 as items_expected,
            'observed' as value_status
        from range(600) as t(i)""",
    "published.pub_measure_values": f"""
        select * exclude (edition, vintage) from ({_CELLS}) union all
        select * exclude (edition, vintage) replace ('ENG' as org_code, 'all' as organisation_type)
        from ({_CELLS}) where org_code = 'R0'""",
    "published.pub_measure_values_todays_footprint": f"""
        select * exclude (edition, vintage), 1 as n_organisations_combined, org_code as combined_from,
            'is_current' as roll_forward_status
        from ({_CELLS})""",
    "published.pub_organisation_history": """
        select 'R' || i as org_code, 'Trust' as org_name, 'opened' as event, date '2020-04-01' as event_on,
            null::varchar as from_code, 'R' || i as to_code, 'Trust' as to_name, 'R' || i as today_code,
            'is_current' as roll_forward_status, 'It opened.' as sentence, null::varchar as evidence,
            'ods_trusts' as source_id, false as is_recalled
        from range(120) as t(i)""",
    "published.pub_driver_outcome_association": """
        select 'self_assessment' as basis, 'driver' as exposure_kind, 'd0' as driver_id, 'd' || i as exposure_id,
            'm0' as measure_id,
            'acute' as organisation_type, 'same_year' as alignment, '2025-26' as exposure_period_key,
            '2024-25' as outcome_period_key, 100::bigint as n, 120::bigint as eligible_n,
            case when i = 1 then null else 0.3::double end as rho,
            case when i = 1 then null else 0.1::double end as rho_low,
            case when i = 1 then null else 0.5::double end as rho_high,
            -0.3::double as raw_rho, 0.2::double as tau_b, 0.25::double as somers_d, 0.01::double as p_value,
            0.02::double as q_value, 1::bigint as n_types, null::double as unstratified_rho,
            null::double as heterogeneity_p, null::double as i_squared, 0.1::double as bootstrap_low,
            0.5::double as bootstrap_high, 0.2::double as without_region_low, 0.4::double as without_region_high,
            null::double as prior_adjusted_rho, 0.25::double as adjusted_rho, 0.05::double as adjusted_rho_low,
            0.45::double as adjusted_rho_high, 'size|region' as adjusted_for, 0.02::double as trend_p_value,
            null::double as odds_ratio, null::double as odds_ratio_low, null::double as odds_ratio_high,
            0.3::double as weighted_rho, null::double as rival_rho, false as is_circular,
            false as is_negative_control, null::varchar as shared_items, null::varchar as insufficient_reason,
            'f1' as family_id, 'd0 is associated with m0.' as sentence
        from range(2) as t(i)""",
    "published.pub_source_status": """
        select source_id, edition, vintage, is_latest_vintage, outcome, reason, null::varchar as decision,
            null::varchar as decision_reason, false as is_unchanged, 10::bigint as rows_read,
            9::bigint as rows_accepted, 1::bigint as rows_rejected, 0::bigint as rows_out_of_scope,
            null::date as published_on, null::varchar as published_basis, date '2025-03-13' as due_on
        from core.dim_source, (values
            ('2024', 'aaaaaaaaaaaa', true, 'accepted', null),
            ('2023', 'bbbbbbbbbbbb', true, 'accepted', null),
            ('2024', 'cccccccccccc', false, 'refused', 'half a file')
        ) as v(edition, vintage, is_latest_vintage, outcome, reason)""",
    "published.pub_response_bias": """
        select '2026' as round_key, 'outcome' as characteristic, 'm' || i as category,
            'Measure ' || i as category_label, 'percent' as unit, 120 as n_eligible, 40 as n_shared,
            33.0::double as coverage_pct, 4.5::double as figure_shared, 4.6::double as figure_not_shared,
            -0.2::double as standardised_difference, 'observed' as value_status,
            'They lay below the others.' as sentence
        from range(4) as t(i)""",
    "published.pub_revisions": """
        select 'rtt_full_extract' as source_id, '2025-03' as edition, 'aaaaaaaaaaaa' as old_vintage,
            'bbbbbbbbbbbb' as new_vintage, false as is_announced, 0::bigint as rows_added,
            0::bigint as rows_removed, 1::bigint as rows_changed, 0::bigint as rows_relabelled,
            1::bigint as organisations, 'R0 numerator 9 to 10' as largest, date '2025-06-26' as published_on""",
    "published.pub_theory_of_change": """
        select 'primary_driver' as from_kind, 'd0' as from_id, 'Driver' as from_label, 'consists_of' as relation,
            'secondary_driver' as to_kind, 's' || i as to_id, 'Part' as to_label, 'v1' as mapping_version,
            0.9::double as confidence, false as verified
        from range(50) as t(i)""",
    "published.pub_value_revisions": """
        select 'm0' as measure_id, 'R0' as org_code, 'financial_year' as period_type, '2024-25' as period_key,
            'rtt_full_extract' as source_id, '2025-03' as edition, 'aaaaaaaaaaaa' as old_vintage,
            'bbbbbbbbbbbb' as new_vintage, 30.0::double as old_value, 33.3::double as new_value,
            'observed' as old_value_status, 'observed' as new_value_status""",
    "core.fct_standardised_ratios": """
        select 'm1' as measure_id, 'R' || i as org_code, '2025-03' as period_key, '2025-03' as edition,
            'aaaaaaaaaaaa' as vintage, 100.0::double as observed, 90.0::double as expected, 1.1111::double as value,
            'observed' as value_status, 'as_expected' as banding, 0.9::double as od_lower_limit,
            1.12::double as od_upper_limit
        from range(4) as t(i)""",
    "core.fct_oversight_metrics": """
        select '2025-Q4' as quarter_key, '2025/26' as framework_version, 'R' || i as org_code, 'OF0079' as metric_id,
            '%' as metric_unit, '2025-Q4' as edition, 'aaaaaaaaaaaa' as vintage, -1.5::double as value,
            'observed' as value_status
        from range(4) as t(i)""",
    "core.fct_oversight_positions": """
        select '2025-Q4' as quarter_key, '2025/26' as framework_version, 'R' || i as org_code, '2025-Q4' as edition,
            'aaaaaaaaaaaa' as vintage, 2.2::double as average_score, 'observed' as value_status, 2 as segment,
            24 as position, 6 as position_low, 49 as position_high
        from range(4) as t(i)""",
    "core.dim_survey_question": """
        select 'c' || i as concept, 2024 as survey_year, 'q' || i as question_id, true as is_collected,
            2021 as comparable_from
        from range(600) as t(i)""",
    "core.fct_survey_benchmarks": """
        select '2024' as edition, 'aaaaaaaaaaaa' as vintage, 2023 as survey_year, 'R' || i as org_code,
            'q1' as question_id, 'percent' as statistic, 50.0::double as value, 'observed' as value_status
        from range(4) as t(i)""",
    "published.pub_corrections": """
        select 'some_fault' as correction_id, 'nhs_staff_survey' as source_id, '2024' as edition,
            'aaaaaaaaaaaa' as vintage, 'withhold' as action, 'applied' as status, 7::bigint as cells_affected,
            'Every share is 100.' as wrong, 'The national workbook differs.' as evidence, 'Review it.' as todo""",
    "published.pub_survey_national": """
        select 2024 as survey_year, 'ENG' as area_code, 'England' as area_name, 'q' || i as question_id,
            'c' || i as concept, 'Agree' as response_option, 'percent' as statistic, 50.0::double as value,
            'observed' as value_status
        from range(4) as t(i)""",
    "published.pub_national_context": """
        select 'some_indicator' as indicator_id, 2020 + i::integer as indicator_year, 50.0::double as value,
            'observed' as value_status, 'percent' as unit, 'Adults' as population, 2020 as comparable_from_year,
            null::varchar as break_in_series, 'Some report' as source_text, 'context only' as note,
            'Half of them.' as sentence
        from range(4) as t(i)""",
    "published.pub_suspected_defects": """
        select 'nhs_staff_survey' as source_id, '2024' as edition, 'aaaaaaaaaaaa' as vintage,
            'shifted_column' as check_id, 'q0' as subject, 'Asian' as response_option,
            'copies its neighbour' as finding,
            204::bigint as cells_affected, 'withheld' as action, null::varchar as correction_id""",
    "published.pub_maturity_responses": """
        select 'R0' as org_code, 'Trust' as org_name, 'v1' as instrument_version, '2026' as round_key,
            'published' as sharing_scope, 'd' || i as driver_id, 'i' || i as item_id, 'Item ' || i as item_title,
            3 as level, 'observed' as value_status
        from range(4) as t(i)""",
    "published.pub_maturity_agreement": """
        select 'staff_survey' as evidence_basis, 'd' || i as driver_id, '2026' as round_key,
            'v1' as instrument_version, 'acute' as organisation_type, 'all' as region_code, null::varchar as org_code,
            null::varchar as org_name, 20 as n_shared, 120 as n_eligible, null::double as mean_level,
            null::varchar as self_third, null::double as evidence_value, null::integer as evidence_age_days,
            null::varchar as evidence_third, null::varchar as self_rating_is, 30.0::double as share_above,
            40.0::double as share_in_line, 30.0::double as share_below, 'observed' as value_status,
            'About 40% are in line.' as sentence
        from range(5) as t(i)""",
    "published.pub_maturity_change": """
        select 'driver' as exposure_kind, 'd' || i as exposure_id, 'd' || i as driver_id, '2026' as round_key,
            'v1' as instrument_version, '2024' as previous_round_key, 'v1' as previous_instrument_version,
            'all' as organisation_type, 'all' as region_code, null::varchar as org_code, null::varchar as org_name,
            10 as n_both, 120 as n_eligible, 5 as n_improved, 3 as n_same, 2 as n_worsened,
            0.25::double as median_change, 4 as items_compared, 4 as items_expected, 'observed' as value_status,
            'Five of ten improved.' as sentence
        from range(5) as t(i)""",
    "published.pub_maturity_distribution": """
        select 'driver' as exposure_kind, 'd' || (i // 5) as exposure_id, 'd' || (i // 5) as driver_id,
            '2026' as round_key, 'v1' as instrument_version, 'all' as organisation_type, 'all' as region_code,
            1 + (i % 5)::integer as level, 'Level ' || (1 + i % 5) as level_label, 4 as n_at_level,
            20.0::double as share_at_level, 100.0::double - 20 * (i % 5) as share_at_or_above, 20 as n_shared,
            120 as n_eligible, 16.7::double as coverage_pct, 4 as items, 'observed' as value_status,
            'Four are at the level.' as sentence
        from range(25) as t(i)""",
    "published.pub_outcome_by_maturity_level": """
        select 'self_assessment' as basis, 'driver' as exposure_kind, 'd0' as exposure_id, 'd0' as driver_id,
            'm0' as measure_id, 'same_year' as alignment, '2026' as exposure_period_key,
            '2026' as outcome_period_key, 'v1' as instrument_version, 'acute' as organisation_type,
            1 + i::integer as level, 9 as n, 50.0::double as outcome_median, 45.0::double as outcome_lower_quartile,
            55.0::double as outcome_upper_quartile, 44.0::double as outcome_median_low,
            56.0::double as outcome_median_high, false as is_difference, true as is_blurred,
            'observed' as value_status, 'The median was about 50%.' as sentence
        from range(5) as t(i)""",
    "published.pub_maturity_items": """
        select 'v' as instrument_family, 'v1' as instrument_version, '2026' as round_key, 'i' || i as item_id,
            6 as n_shared, 9 as n_eligible, 3.0::double as median_level, 'observed' as value_status
        from range(4) as t(i)""",
    "published.pub_variation": """
        select 'funnel' as chart, 'm0' as measure_id, case when i < 9 then 'R' || i end as org_code,
            'Trust' as org_name, 'acute' as organisation_type, 'acute' as comparison_group,
            'financial_year' as period_type, '2024-25' as period_key, date '2024-04-01' as period_start,
            date '2025-03-31' as period_end, 10.0::double as numerator,
            30.0::double as denominator, case when i < 9 then 33.3::double end as value,
            case when i < 9 then 'observed' else 'not_applicable' end as value_status, 33.0::double as centre_line,
            20.0::double as lower_limit_95, 46.0::double as upper_limit_95, 12.0::double as lower_limit_998,
            54.0::double as upper_limit_998, 0.01::double as tau_squared, 2.5::double as phi, 'within' as band,
            'within' as band_998, null::double as lower_process_limit, null::double as upper_process_limit,
            null::integer as series_no, null::integer as n_points, null::boolean as is_trial_limits,
            null::varchar as rule, null::varchar as variation, null::double as target, null::varchar as assurance,
            null::double as interim_target, null::varchar as interim_assurance, null::varchar as rebased_on,
            null::varchar as rebase_reason, i < 9 as is_newest, case when i = 9 then 1 end as n_organisations,
            case when i = 9 then 'there are fewer than 10 comparable organisations' end as not_charted_reason,
            'It lies within the expected range.' as sentence
        from range(10) as t(i)""",
}
"""The tables as dbt would build them, without data_origin. They meet every rule of the gate."""
BEHIND = """
    create table intermediate.int_disclosure__cells as
    select figures.*, null::varchar as parent_key, 'R' || i || '|answers' as member_key, true as is_unnamed,
        true as is_shown
    from range(20) as t(i), (
        select 'pub_maturity_distribution' as table_name, '2026|v1|driver|d' || j as group_key,
            'leading' as block_key, 'all|all' as cell_key
        from range(5) as d(j)
        union all
        select 'pub_maturity_change', '2026|v1|driver|d' || j || '|2024|v1', 'leading', 'all|all' from range(5) as d(j)
        union all
        select 'pub_maturity_agreement', '2026|v1|driver|d' || j || '|staff_survey', 'organisation_type', 'acute|all'
        from range(5) as d(j)
        union all
        select 'pub_outcome_by_maturity_level', '2026|v1|driver|d0', 'acute', 'acute|' || (1 + j) from range(5) as d(j)
        union all
        select 'pub_response_bias', '2026|m' || j, 'leading', 'outcome|m' || j from range(4) as d(j)
        union all
        select 'pub_maturity_items', 'v1|2026|i' || j, 'leading', 'all' from range(4) as d(j)
        union all
        select 'pub_driver_outcome_association', 'driver|d' || j || '|m0|same_year|2025-26', 'leading', 'acute'
        from range(2) as d(j)
    ) as figures
"""
"""Twenty unnamed organisations behind each figure that rests on self-assessments."""
JUDGED = """
    create table intermediate.int_disclosure__judged as
    select distinct table_name, group_key, block_key, cell_key, false as is_held
    from intermediate.int_disclosure__cells;
    create table intermediate.int_maturity__reportable (
        instrument_family varchar, round_key varchar, member_key varchar, may_be_named boolean,
        is_shared_nationally boolean
    );
    create table intermediate.int_maturity__withdrawn (
        org_code varchar, instrument_version varchar, round_key varchar, received_at timestamp,
        withdrawn_at timestamp, was_shared_nationally boolean
    )
"""
"""No figure is held back, and nothing is withdrawn."""


def workspace(root: Path, origin: str = "synthetic") -> Workspace:
    """A workspace with a built warehouse, dbt's manifest and the registry's staged files."""
    place = Workspace(root, origin)
    build(place)
    _stage_registry(place)
    return place


def build(place: Workspace) -> None:
    """The warehouse and dbt's manifest; what was there before is replaced."""
    place.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(place.warehouse)) as connection:
        for schema in ("core", "published", "intermediate"):
            connection.execute(f"drop schema if exists {schema} cascade; create schema {schema}")
        connection.execute(f"{BEHIND}; {JUDGED}")
        for name, sql in _TABLES.items():
            value = published.DATA_ORIGINS[place.origin]
            connection.execute(f"create table {name} as select *, '{value}' as data_origin from ({sql})")
    manifest_path(place).write_text(json.dumps({"nodes": {name: _node(name) for name in _TABLES}}))


def manifest_path(place: Workspace) -> Path:
    return place.base / "manifest.json"


def _node(name: str) -> dict:
    schema, alias = name.split(".")
    return {
        "alias": alias,
        "schema": schema,
        "description": "The publisher's own words." if alias == "dim_source" else "",
        "columns": {"data_origin": {"description": "It's SYNTHETIC or published."}},
        "config": {"meta": {"release": alias != "fct_maturity_responses"}},
    }


def _stage_registry(place: Workspace) -> None:
    values = ", ".join(f"('{source}', '2024', 'in/{source}_secret.csv')" for source in SOURCES)
    editions = f"(values {values}) as v(source_id, edition, source_file)"
    frames = {
        "registry_sources": f"select source_id, source_id = 'impact_self_assessment' as is_restricted from {editions}",
        "registry_editions": "select *, 'aaaaaaaaaaaa' as vintage, repeat('a', 64) as sha256, "
        f"10::bigint as bytes, 'accepted' as outcome from {editions}",
    }
    for name, sql in frames.items():
        folder = place.staged / name
        folder.mkdir(parents=True)
        duckdb.sql(f"copy ({sql}) to '{folder}/rows.parquet' (format parquet)")
        duckdb.sql(f"copy (from ({sql}) limit 0) to '{folder}/_schema.parquet' (format parquet)")


def candidate(place: Workspace, version: str) -> Path:
    """A candidate with its exports, not yet checked."""
    folder = release.build_candidate(place, manifest_path(place), version, "abc1234", BUILT_AT)
    export(folder)
    return folder


def write_outputs(folder: Path) -> None:
    """All outputs but the site, which shows more than what is promised and is tested on the sample (tests/site)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "write_site", lambda candidate, record: [])
        outputs.write_outputs(folder)


def passed_candidate(place: Workspace, version: str, calendar: dict | None = None) -> Path:
    """A candidate as if the gate had passed it: for tests that are not about the gate."""
    folder = candidate(place, version)
    (folder / "gate.json").write_text(json.dumps({"release_id": version, "passed": True}))
    release.write_manifest(folder, place, "f" * 64, calendar)
    return folder


def waiting_release(place: Workspace, version: str) -> Path:
    """A release with published data that its builder has signed, and that waits for the next date of the calendar."""
    if not place.signers.exists():
        running.make_keys(place.root)
    entry = embargo.read_calendar().next_release(BUILT_AT)
    folder = passed_candidate(place, version, entry.as_dict())
    release.sign_manifest(folder, running.key_of(place.root, running.BUILDER))
    waiting.put(place, access.note_builder)
    return place.waiting / version


def published_release(place: Workspace, version: str) -> Path:
    """A release that is being served."""
    if place.origin == "published":
        waiting_release(place, version)
        return running.let_out(place.root)
    return release.publish(passed_candidate(place, version), place, version)
