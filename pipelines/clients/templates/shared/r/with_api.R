# An indicator of the static interface over HTTP, with nothing but R itself.{{ synthetic_sentence }}
#
# Run: Rscript with_api.R [ADDRESS [INDICATOR [ORGANISATION]]]
# where ADDRESS is where the pages are served; `impact release serve` says which that is.

options(width = 200)
given <- commandArgs(trailingOnly = TRUE)
address <- if (length(given) > 0) given[1] else "{{ address }}"
indicator <- if (length(given) > 1) given[2] else {{ measure | python }}
organisation <- if (length(given) > 2) given[3] else {{ organisation | python }}

# An empty field is no value and no zero: its status says why.
rows <- read.csv(
  url(paste0(address, "api/v1/indicators/", indicator, "/data.csv")), na.strings = "", encoding = "UTF-8"
)
synthetic <- if (rows$data_origin[1] == "SYNTHETIC") ", SYNTHETIC: every figure is invented" else ""
cat("release ", rows$release_id[1], synthetic, "\n\n", sep = "")
shown <- subset(
  rows, area_code == organisation & period_type != "month", c(period_type, period_key, value, value_status)
)
shown$value <- sprintf("%.2f", shown$value)
print(shown, row.names = FALSE)
