

def show(title, frame):
    """Prints a frame. What has no value is no zero: its status says why."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=100, float_precision=2):
        print(f"\n{title}\n{frame}")


synthetic = ", SYNTHETIC: every figure is invented" if release["is_synthetic"][0] else ""
print(f"release {release['release_id'][0]}{synthetic}")
show(f"Drivers and {MEASURE}: positive rho goes with a better outcome", associations)
show("Self-assessed maturity, and how many of the eligible shared", maturity)

values = values.sort("period_type", "period_key")
figures = values.filter(org_code=ORGANISATION).select("period_type", "period_key", "value", "value_status")
show(f"{MEASURE} of {ORGANISATION}", figures)

# polars leaves out what has no value; how many that were stands beside the median.
organisations = values.filter(pl.col("org_code") != "ENG").group_by("period_type", "period_key", maintain_order=True)
spread = organisations.agg(
    organisations=pl.len(), with_a_figure=pl.col("value").count(), median=pl.col("value").median()
)
show(f"{MEASURE}: organisations, those with a figure, and the median of those", spread)
