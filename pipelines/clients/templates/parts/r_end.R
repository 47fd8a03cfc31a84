
# Prints the rows of a select. What has no value is no zero: its status says why.
show <- function(title, sql) {
  cat("\n", title, "\n", sep = "")
  rows <- dbGetQuery(connection, sql)
  numbers <- vapply(rows, is.double, logical(1))
  rows[numbers] <- lapply(rows[numbers], function(x) ifelse(x == round(x), format(x), sprintf("%.2f", x)))
  print(rows, row.names = FALSE)
}

release <- dbGetQuery(connection, "select release_id, is_synthetic from release_info")
synthetic <- if (release$is_synthetic) ", SYNTHETIC: every figure is invented" else ""
cat("release ", release$release_id, synthetic, "\n", sep = "")
show(
  paste0("Drivers and ", measure, ": positive rho goes with a better outcome"),
  sqlInterpolate(connection, associations, measure = measure)
)
show("Self-assessed maturity, and how many of the eligible shared", maturity)
show(
  paste(measure, "of", organisation),
  sqlInterpolate(connection, figures, measure = measure, organisation = organisation)
)
show(
  paste0(measure, ": organisations, those with a figure, and the median of those"),
  sqlInterpolate(connection, spread, measure = measure)
)
