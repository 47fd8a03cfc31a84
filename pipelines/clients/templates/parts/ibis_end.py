
associations = (
    server.table("pub_driver_outcome_association")
    .filter(
        _.measure_id == MEASURE,
        _.basis == "staff_survey_evidence",
        _.exposure_kind == "driver",
        _.organisation_type == "all",
        _.alignment == "same_year",
        ~_.is_circular,
        _.rho_low.notnull(),
    )
    .select("driver_id", "n", "rho", "rho_low", "rho_high", "q_value")
    .order_by("driver_id")
)
rounds = server.table("pub_driver_maturity")
maturity = (
    rounds.filter(
        _.round_key == rounds.round_key.max().as_scalar(),
        _.org_code.isnull(),
        _.organisation_type == "all",
        _.region_code == "all",
    )
    .select("driver_id", "n_shared", "n_eligible", "coverage_pct", "median_level", "value_status")
    .order_by("driver_id")
)
values = server.table("pub_measure_values").filter(_.measure_id == MEASURE, _.period_type != "month")
figures = (
    values.filter(_.org_code == ORGANISATION)
    .select("period_type", "period_key", "value", "value_status")
    .order_by("period_type", "period_key")
)
# An aggregate leaves out what has no value; how many that were stands beside the median.
spread = (
    values.filter(_.org_code != "ENG")
    .group_by("period_type", "period_key")
    .aggregate(organisations=_.count(), with_a_figure=_.value.count(), median=_.value.median())
    .order_by("period_type", "period_key")
)


def show(title, table):
    """Prints a table. What has no value is no zero: its status says why."""
    rows = table.to_pandas().to_string(index=False, na_rep="-", float_format="{:.2f}".format)
    print(f"\n{title}\n{rows}")


release = server.table("release_info").to_pandas()
synthetic = ", SYNTHETIC: every figure is invented" if release["is_synthetic"][0] else ""
print(f"release {release['release_id'][0]}{synthetic}")
show(f"Drivers and {MEASURE}: positive rho goes with a better outcome", associations)
show("Self-assessed maturity, and how many of the eligible shared", maturity)
show(f"{MEASURE} of {ORGANISATION}", figures)
show(f"{MEASURE}: organisations, those with a figure, and the median of those", spread)
