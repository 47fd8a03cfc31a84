"""Where things lie on this machine, read once from the environment.

Belongs here: folders, file names and limits that differ between installations. Does not belong here:
anything about a publisher (sources/*.yml) or about what a column means (schemas/).
"""

from __future__ import annotations

import datetime as dt
import getpass
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.errors import Fault

Origin = Literal["synthetic", "published"]

PROJECT_ROOT = Path(__file__).resolve().parents[1]
SOURCES_DIR = PROJECT_ROOT / "sources"
CORRECTIONS_DIR = SOURCES_DIR / "corrections"
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
DUCKDB_FILE = "nhs_impact_warehouse.duckdb"


def seed_path(seed: str) -> Path:
    """Where a list of reference data lies."""
    return DBT_PROJECT_DIR / "seeds" / f"{seed}.csv"


def home() -> Path:
    """The folder that holds all state: `IMPACT_HOME`, or `.impact/` in the project."""
    return Path(os.environ.get("IMPACT_HOME") or PROJECT_ROOT / ".impact").expanduser().resolve()


@dataclass(frozen=True)
class Workspace:
    """The folders of one data origin. Synthetic and published data share no folder before `releases/`.

    as_at: build what was known on this day, beside what is known now; None for now.
    """

    root: Path
    origin: Origin
    as_at: dt.date | None = None

    @property
    def kept(self) -> Path:
        """What cannot be rebuilt, and what today's state is built in: one folder for each origin."""
        return self.root / self.origin

    @property
    def base(self) -> Path:
        """Everything that can be rebuilt. What was known on an earlier day has a folder of its own."""
        return self.kept / "as-at" / self.as_at.isoformat() if self.as_at else self.kept

    @property
    def of_today(self) -> Workspace:
        """The same data as they are known now."""
        return Workspace(self.root, self.origin)

    @property
    def sample(self) -> Path:
        """The synthetic sample as files in the publishers' layouts."""
        return self.kept / "sample"

    @property
    def fetched(self) -> Path:
        """Files as they came from their publishers' servers, and the log of the requests."""
        return self.kept / "fetched"

    @property
    def raw(self) -> Path:
        """Files as published, content-addressed; never rewritten."""
        return self.kept / "raw"

    @property
    def landing(self) -> Path:
        """Copies of what lies in an inbox that is no folder of this machine."""
        return self.base / "landing"

    @property
    def staged(self) -> Path:
        """Accepted rows, one parquet file per edition and vintage; read by dbt."""
        return self.base / "staged"

    @property
    def set_aside(self) -> Path:
        """Rows of files that were read and are not in use: held, dropped, or the same as those in use."""
        return self.base / "set_aside"

    @property
    def rejected(self) -> Path:
        """Rejected rows with their reasons, one parquet file per edition and vintage."""
        return self.base / "rejected"

    @property
    def warehouse(self) -> Path:
        """The file that dbt builds. Nobody else reads it while dbt writes."""
        return self.base / "warehouse" / "build.duckdb"

    @property
    def fingerprint(self) -> Path:
        """What the staged rows, the code and the models hash to; a release is made only when it changed."""
        return self.base / "fingerprint.txt"

    @property
    def candidate(self) -> Path:
        """The release that the gate is looking at."""
        return self.base / "candidate"

    @property
    def releases(self) -> Path:
        """Releases, one folder each; never rewritten."""
        return self.root / "releases"

    @property
    def waiting(self) -> Path:
        """Releases that are sealed and not out yet, with what their publication needs; for their makers alone."""
        return self.root / "waiting"

    @property
    def signers(self) -> Path:
        """Whose key may sign what, in the format of ssh-keygen's allowed signers."""
        return self.root / "keys" / "allowed_signers"

    @property
    def refused(self) -> Path:
        """Why candidates were refused, one folder per refusal."""
        return self.root / "refused"

    @property
    def docs(self) -> Path:
        """How the tables of each release are computed: a page for each, beside the releases."""
        return self.root / "docs"

    @property
    def current(self) -> Path:
        """The pointer that analysts and BI tools follow."""
        return self.root / "serving" / "current"

    @property
    def web(self) -> Path:
        """The pointer to what a web server serves: every release that is out, and the pages about them."""
        return self.root / "serving" / "web"


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser().resolve() if value else None


def sources_dir() -> Path:
    """The folder of the source YAMLs: `IMPACT_SOURCES`, or `sources/` of the project."""
    return _path("IMPACT_SOURCES") or SOURCES_DIR


def published_files() -> Path | None:
    """Where published files are looked for: `IMPACT_FROM`, or None for no folder."""
    return _path("IMPACT_FROM")


def inbox() -> str | None:
    """Where submissions are dropped, a folder or a URL: `IMPACT_SUBMISSIONS`, or None for no inbox."""
    return os.environ.get("IMPACT_SUBMISSIONS") or None


def is_live() -> bool:
    """Whether a refresh begins with asking the publishers: `IMPACT_LIVE`."""
    return os.environ.get("IMPACT_LIVE") == "yes"


def contact() -> str:
    """Whom a publisher may write to about our requests: `IMPACT_CONTACT`, an e-mail address or a page."""
    return os.environ.get("IMPACT_CONTACT", "")


def proxy() -> str:
    """The proxy for all requests: `IMPACT_PROXY`; without it, the usual `HTTPS_PROXY` and `HTTP_PROXY` count."""
    return os.environ.get("IMPACT_PROXY", "")


def seconds_between_requests() -> float:
    """Least distance of two requests to one host: `IMPACT_SECONDS_BETWEEN_REQUESTS`, default 1."""
    return float(os.environ.get("IMPACT_SECONDS_BETWEEN_REQUESTS") or 1.0)


def notify() -> tuple[str, ...]:
    """Whom alerts go to beside the file: `IMPACT_NOTIFY`, a list of `file`, `mailto:…` and `https://…`."""
    return tuple(filter(None, (address.strip() for address in os.environ.get("IMPACT_NOTIFY", "").split(","))))


def postgres_url() -> str | None:
    """The database that teams read releases from: `IMPACT_POSTGRES_URL`, or None for the DuckDB file only.

    It may hold a password, so it is shown nowhere.
    """
    return os.environ.get("IMPACT_POSTGRES_URL") or None


def smtp_url() -> str | None:
    """The server of e-mails: `IMPACT_SMTP_URL`, such as smtps://user:password@host:465?from=impact@example.org."""
    return os.environ.get("IMPACT_SMTP_URL") or None


def is_unattended() -> bool:
    """Whether schedules and sensors are on from the start, without anybody who turns them on: `IMPACT_UNATTENDED`."""
    return os.environ.get("IMPACT_UNATTENDED") == "yes"


def keep_runs_days() -> int:
    """How long the history of runs and alerts is kept: `IMPACT_KEEP_RUNS_DAYS`, default 400 days."""
    name = "IMPACT_KEEP_RUNS_DAYS"
    try:
        return int(os.environ.get(name) or 400)
    except ValueError as error:
        raise _unusable(name, "whole days, such as 400") from error


def signing_key() -> Path | None:
    """The private key of the person at work: `IMPACT_SIGNING_KEY`, or None for nobody who can sign."""
    return _path("IMPACT_SIGNING_KEY")


def builder() -> str:
    """Who builds: `IMPACT_BUILDER`, or the name of the account."""
    return os.environ.get("IMPACT_BUILDER") or getpass.getuser()


def backups() -> Path | None:
    """Where backups of IMPACT_HOME lie: `IMPACT_BACKUP`, or None for nowhere that is known."""
    return _path("IMPACT_BACKUP")


def dagster_postgres_url() -> str | None:
    """Where Dagster keeps runs and schedules: `IMPACT_DAGSTER_POSTGRES_URL`; None for SQLite in IMPACT_HOME."""
    return os.environ.get("IMPACT_DAGSTER_POSTGRES_URL") or None


def dagster_folder() -> Path:
    """The folder of the dagster.yaml that applies."""
    on_server = PROJECT_ROOT / "pipelines" / "operations" / "deployment" / "dagster-postgres"
    return on_server if dagster_postgres_url() else PROJECT_ROOT


def log_days() -> int:
    """For how many days log files are kept: `IMPACT_LOG_DAYS`, default 90."""
    return int(os.environ.get("IMPACT_LOG_DAYS") or 90)


def may_replace_published() -> bool:
    """Whether synthetic figures may take the place of published ones that are being served."""
    return os.environ.get("IMPACT_REPLACE_PUBLISHED") == "yes"


def may_take_sample() -> bool:
    """Whether files of the SYNTHETIC sample may stand in for published ones: the tests of this product do that."""
    return os.environ.get("IMPACT_SAMPLE_AS_PUBLISHED") == "yes"


def today() -> dt.date:
    """The day against which calendars are held: `IMPACT_TODAY` in ISO form, or the clock's."""
    return _day("IMPACT_TODAY") or dt.date.today()


def now() -> dt.datetime:
    """This moment, UTC. The only clock that says whether a release may go out: no variable can move it."""
    return dt.datetime.now(dt.UTC)


def built_at() -> dt.datetime:
    """When what is being built says it was built, UTC to the second: `SOURCE_DATE_EPOCH`, or the clock's."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return now().replace(microsecond=0)
    try:
        return dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _unusable("SOURCE_DATE_EPOCH", "whole seconds since 1970 began") from error


def workspace() -> Workspace:
    """The workspace of this process: `IMPACT_HOME`, `IMPACT_ORIGIN` (default: synthetic) and `IMPACT_AS_AT`."""
    origin = os.environ.get("IMPACT_ORIGIN", "synthetic")
    if origin not in ("synthetic", "published"):
        raise _unusable("IMPACT_ORIGIN", "synthetic or published")
    return Workspace(home(), origin, _day("IMPACT_AS_AT"))


def workspace_in_use() -> Workspace:
    """That of `IMPACT_ORIGIN`; without it, the one of published data if there is any."""
    published = Workspace(home(), "published")
    return published if published.kept.exists() and "IMPACT_ORIGIN" not in os.environ else workspace()


def _day(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(os.environ[name]) if os.environ.get(name) else None
    except ValueError as error:
        raise _unusable(name, "a day such as 2025-11-13") from error


def _unusable(name: str, expected: str) -> Fault:
    return Fault(
        f"environment variable {name}", os.environ[name], expected, "a slip of the keyboard", "correct it, or unset it"
    )
