"""The web root: every release that is out, and what readers are told about it, as a folder that any web server serves.

Belongs here: what the rest of the product calls. Does not belong here: making any of it (the modules).

    index.html                 the current release's first page
    latest/                    the current release
    releases/<version>/        every release; of one that was withdrawn only a tombstone
    releases/index.html        all releases and what became of them
    api/v1/                    the current release's API, and releases.json
    feed.atom  index.json      the same for machines
"""

from pipelines.release.web.root import rebuild

__all__ = ["rebuild"]
