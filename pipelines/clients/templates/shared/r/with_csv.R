# The release in its CSV files, with nothing but R itself.{{ synthetic_sentence }}
#
# Run: Rscript with_csv.R [ORGANISATION [MEASURE]]

# The link is followed once, so that every table comes from one release, whatever is put out meanwhile.
folder <- normalizePath({{ csv | python }})
{% include "parts/r_head.R" %}

# One table. An empty field is no value and no zero: its status says why.
read_table <- function(name) {
  read.csv(file.path(folder, paste0(name, "{{ mark }}.csv")), na.strings = "", encoding = "UTF-8")
}

# Prints the rows of a frame.
show <- function(title, rows) {
  cat("\n", title, "\n", sep = "")
  numbers <- vapply(rows, is.double, logical(1))
  rows[numbers] <- lapply(rows[numbers], function(x) ifelse(x == round(x), format(x), sprintf("%.2f", x)))
  print(rows, row.names = FALSE)
}

release <- read_table("release_info")
synthetic <- if (release$is_synthetic == "true") ", SYNTHETIC: every figure is invented" else ""
cat("release ", release$release_id, synthetic, "\n", sep = "")

associations <- subset(
  read_table("pub_driver_outcome_association"),
  measure_id == measure & basis == "staff_survey_evidence" & exposure_kind == "driver" & organisation_type == "all" &
    alignment == "same_year" & is_circular == "false" & !is.na(rho_low),
  c(driver_id, n, rho, rho_low, rho_high, q_value)
)
show(
  paste0("Drivers and ", measure, ": positive rho goes with a better outcome"),
  associations[order(associations$driver_id), ]
)

maturity <- subset(
  read_table("pub_driver_maturity"),
  round_key == max(round_key) & is.na(org_code) & organisation_type == "all" & region_code == "all",
  c(driver_id, n_shared, n_eligible, coverage_pct, median_level, value_status)
)
show("Self-assessed maturity, and how many of the eligible shared", maturity[order(maturity$driver_id), ])

values <- subset(read_table("pub_measure_values"), measure_id == measure & period_type != "month")
values <- values[order(values$period_type, values$period_key), ]
show(
  paste(measure, "of", organisation),
  subset(values, org_code == organisation, c(period_type, period_key, value, value_status))
)

# What has no value is left out; how many that were stands beside the median.
periods <- split(values[values$org_code != "ENG", ], ~ period_type + period_key, drop = TRUE)
spread <- do.call(rbind, lapply(periods, function(rows) {
  data.frame(
    period_type = rows$period_type[1], period_key = rows$period_key[1], organisations = nrow(rows),
    with_a_figure = sum(!is.na(rows$value)), median = median(rows$value, na.rm = TRUE)
  )
}))
show(
  paste0(measure, ": organisations, those with a figure, and the median of those"),
  spread[order(spread$period_type, spread$period_key), ]
)
