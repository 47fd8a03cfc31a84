

def show(title, frame):
    """Prints a frame. What has no value is no zero: its status says why."""
    print(f"\n{title}\n{frame.to_string(index=False, na_rep='-', float_format='{:.2f}'.format)}")


synthetic = ", SYNTHETIC: every figure is invented" if release["is_synthetic"][0] else ""
print(f"release {release['release_id'][0]}{synthetic}")
show(f"Drivers and {MEASURE}: positive rho goes with a better outcome", associations)
show("Self-assessed maturity, and how many of the eligible shared", maturity)

values = values.sort_values(["period_type", "period_key"])
figures = values.loc[values["org_code"] == ORGANISATION, ["period_type", "period_key", "value", "value_status"]]
show(f"{MEASURE} of {ORGANISATION}", figures)

# pandas leaves out what has no value; how many that were stands beside the median.
organisations = values[values["org_code"] != "ENG"].groupby(["period_type", "period_key"], as_index=False)
spread = organisations.agg(
    organisations=("org_code", "size"), with_a_figure=("value", "count"), median=("value", "median")
)
show(f"{MEASURE}: organisations, those with a figure, and the median of those", spread)
