options(width = 200)
given <- commandArgs(trailingOnly = TRUE)
organisation <- if (length(given) > 0) given[1] else {{ organisation | python }}
measure <- if (length(given) > 1) given[2] else {{ measure | python }}
