"""Fixtures that several suites share: where real files are, and small workspaces."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.settings import PROJECT_ROOT, Workspace
from tests.postgres import postgres  # noqa: F401

LONGEST = (
    "test_refresh.py",
    "test_published_figures.py",
    "test_releases_compared.py",
    "test_submissions.py",
    "test_new_measure.py",
    "test_models.py",
)
"""Files whose fixtures or tests take minutes, and which no worker should begin when the other has nothing left."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, all others as they are."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def sample_may_stand_in() -> Iterator[None]:
    """Files of the sample count as published ones, but where a test says otherwise."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("IMPACT_SAMPLE_AS_PUBLISHED", "yes")
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real published files; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("IMPACT_REAL_DATA") or PROJECT_ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"real published files are not on this machine (IMPACT_REAL_DATA: {folder})")
    return folder.resolve()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace for published data."""
    return Workspace(tmp_path / "home", "published")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SYNTHETIC sample, written once for all suites; nobody may change its files."""
    from pipelines.sample import write_sample

    return _made_once(tmp_path_factory, "sample", write_sample)


@pytest.fixture(scope="session")
def served_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which `impact refresh` served the sample; first.txt and progress.txt hold what it printed."""
    from tests.running import refreshed

    def refresh(home: Path) -> None:
        done = refreshed(home)
        (home / "first.txt").write_text(done.stdout)
        (home / "progress.txt").write_text(done.stderr)

    return _made_once(tmp_path_factory, "served", refresh)


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first process to want it fills, and all processes of the run share."""
    root = factory.getbasetemp()
    shared = (root.parent if os.environ.get("PYTEST_XDIST_WORKER") else root) / f"{name}_shared"
    done = shared / "done"
    with FileLock(f"{shared}.lock"):
        if not done.exists():
            (shared / name).mkdir(parents=True)
            make(shared / name)
            done.touch()
    return shared / name
