"""The repository works on any machine, behind any mirror: no addresses of registries, no places of one computer."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.house.tree import ROOT, text, tracked

LOCKS = ("runtime", "dev", "kafka")
# Put together here so that this file is not its own find.
REGISTRIES = re.compile(
    "|".join(
        rf"{name}\.{end}"
        for name, end in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("yarnpkg", "com"),
            ("deb.debian", "org"),
            ("archive.ubuntu", "com"),
            ("crates", "io"),
            ("proxy.golang", "org"),
        )
    )
)
PLACES = re.compile(r"(?<![\w.:/])/(?:root|home|Users|work|opt/wheels)/")
PINNED = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+)(?: ; [^\\]+)? \\(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+$"
)


def entries(lock: str) -> list[str]:
    """A lock, one requirement with its hashes each."""
    return re.split(r"\n(?=\S)", text(f"requirements/{lock}.txt").rstrip("\n"))


def pinned(lock: str) -> dict[str, str]:
    """Versions of a lock by package."""
    return {found["name"]: found["version"] for entry in entries(lock) if (found := PINNED.match(entry))}


def project() -> dict[str, list[Requirement]]:
    """The declared requirements: `runtime`, each extra and each dependency group."""
    declared = tomllib.loads(text("pyproject.toml"))
    groups = {"runtime": declared["project"]["dependencies"]}
    groups |= declared["project"]["optional-dependencies"] | declared["dependency-groups"]
    return {name: [Requirement(line) for line in lines] for name, lines in groups.items()}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_with_hashes_and_names_no_address(lock: str) -> None:
    assert [entry for entry in entries(lock) if not PINNED.fullmatch(entry)] == []


@pytest.mark.parametrize(
    ("group", "lock"),
    [
        ("runtime", "runtime"),
        ("build", "runtime"),
        ("dev", "dev"),
        ("runtime", "dev"),
        ("kafka", "kafka"),
    ],
)
def test_a_lock_answers_what_the_project_asks_for(group: str, lock: str) -> None:
    versions = pinned(lock)
    wanted = {one.name: one for one in project()[group]}
    assert [name for name, one in wanted.items() if not one.specifier.contains(versions.get(name, "0"))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_lock_has_the_runtime_versions(lock: str) -> None:
    assert pinned("runtime").items() <= pinned(lock).items()


def test_the_packages_the_project_is_known_by_are_declared() -> None:
    declared = {one.name for lines in project().values() for one in lines}
    assert {"aiokafka", "fastapi", "websockets", "firebase-admin", "apscheduler", "orjson"} <= declared


def test_npm_locks_hold_checksums_and_no_addresses() -> None:
    for path in tracked("package-lock.json"):
        packages = {name: one for name, one in json.loads(text(path))["packages"].items() if name}
        assert [name for name, one in packages.items() if "integrity" not in one or "resolved" in one] == []


def test_there_is_one_kind_of_lock() -> None:
    assert [path for path in tracked(".lock") if path.split("/")[-1] in {"uv.lock", "poetry.lock", "pdm.lock"}] == []


@pytest.mark.parametrize("pattern", [REGISTRIES, PLACES], ids=["address of a registry", "place of one computer"])
def test_no_tracked_file_names(pattern: re.Pattern[str]) -> None:
    hits = {
        path: found[0]
        for path in tracked()
        if path != "tests/house/test_repository.py" and (found := pattern.search(text(path)))
    }
    assert hits == {}


def test_no_tracked_file_names_the_folder_it_lies_in() -> None:
    assert [path for path in tracked() if str(ROOT) in text(path)] == []


def test_the_licence_is_apache_and_names_no_person() -> None:
    assert "Apache License" in text("LICENSE")
    assert "Copyright 2026 The Hanshō authors" in text("LICENSE")
