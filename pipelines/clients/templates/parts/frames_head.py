given = sys.argv[1:]
ORGANISATION = given[0] if given else {{ organisation | python }}
MEASURE = given[1] if len(given) > 1 else {{ measure | python }}
