"""The static interface of the release over HTTP, with nothing but Python itself.{{ synthetic_sentence }}

Run: python with_api.py [ADDRESS [INDICATOR [ORGANISATION]]]
where ADDRESS is where the pages are served; `impact release serve` says which that is.
"""

import json
import sys
from urllib.parse import urljoin
from urllib.request import urlopen

given = sys.argv[1:]
ADDRESS = given[0] if given else "{{ address }}"
INDICATOR = given[1] if len(given) > 1 else {{ measure | python }}
ORGANISATION = given[2] if len(given) > 2 else {{ organisation | python }}


def get(address):
    """What a file of the interface says. Links in it are from the file itself."""
    with urlopen(address) as answer:
        return json.load(answer)


start = urljoin(ADDRESS, "api/v1/index.json")
release = get(start)
synthetic = ", SYNTHETIC: every figure is invented" if release["data_origin"] == "SYNTHETIC" else ""
print(f"release {release['release_id']}{synthetic}")

listed = urljoin(start, release["links"]["indicators"])
(found,) = [item for item in get(listed)["indicators"] if item["indicator_id"] == INDICATOR]
about, data = (get(urljoin(listed, found["links"][kind])) for kind in ("metadata", "json"))
if data["release_id"] != release["release_id"]:
    sys.exit("another release was put in place while this one was read: run it again")
print(f"\n{about['name']} ({about['unit']}, {about['polarity']})\n{about['limitations']}\n")

# One list a column; a null is no value and no zero: its status says why.
columns = ("area_code", "period_type", "period_key", "value", "value_status")
for code, period_type, period_key, value, status in zip(*(data["data"][column] for column in columns), strict=True):
    if code == ORGANISATION and period_type != "month":
        print(period_type, period_key, "-" if value is None else f"{value:.2f}", status, sep="  ")
