"""README and ARCHITECTURE.md say what is so, and all of it.

The map in ARCHITECTURE.md is a fenced block opened with ```tree. One line is one path from the root, at least two
spaces, and its purpose; a folder ends with a slash:

    schemas/                   the contract, pure
    schemas/alert.py           an alert in CAP 1.2 words
    services/gateway/web/      the pages

Under `schemas/` and `services/` every folder and every Python or JavaScript module has its line (not `__init__.py`,
and what lies under a `vendor/` goes with it); elsewhere every folder two deep (`tests/unit/`, `deploy/cities/`).
Other files may have one. Nothing is listed that does not exist.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from services.runtime.settings import SETTINGS
from tests.house.tree import ROOT, SOURCE, text, tracked

TREE = re.compile(r"^```tree\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^(?P<path>\S+) {2,}(?P<purpose>\S.*)$")
CODE = re.compile(r"E[1-6]\d{3}")


def the_map() -> dict[str, str]:
    """Path → purpose of ARCHITECTURE.md's map; fails on a line that is none."""
    block = TREE.search(text("ARCHITECTURE.md"))
    assert block, "ARCHITECTURE.md has no block that opens with ```tree"
    lines = [line for line in block[1].splitlines() if line.strip()]
    assert [line for line in lines if not LINE.match(line)] == []
    return {found["path"]: found["purpose"] for line in lines if (found := LINE.match(line))}


def folders(path: str) -> Iterator[str]:
    """The folders a file lies in, as the map writes them."""
    for parent in PurePosixPath(path).parents:
        if parent.name:
            yield f"{parent}/"


def wanted(paths: tuple[str, ...]) -> set[str]:
    """What the map must list, given the tracked files."""
    found: set[str] = set()
    for path in paths:
        shown = re.sub(r"(^|/)vendor/.*", r"\1vendor/x", path)
        deep = None if path.startswith(SOURCE) else 2
        found.update(folder for folder in folders(shown) if deep is None or folder.count("/") <= deep)
        if shown.startswith(SOURCE) and shown.endswith((".py", ".js")) and not shown.endswith("/__init__.py"):
            found.add(shown)
    return found


def class_codes(source: str) -> list[str]:
    """The error codes that classes of a module carry as `code`."""
    classes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    lines = (line for node in classes for line in node.body if isinstance(line, ast.Assign | ast.AnnAssign))
    named = (line for line in lines if "code" in ast.unparse(line).split("=")[0].split(":")[0].split())
    return [
        str(line.value.value)
        for line in named
        if isinstance(line.value, ast.Constant) and CODE.fullmatch(str(line.value.value))
    ]


def documents() -> str:
    return "\n".join(
        text(path) for path in ("README.md", "ARCHITECTURE.md", *tracked(".md", ("docs/",))) if path in tracked()
    )


def hansho(*arguments: str) -> str:
    command = [sys.executable, "-m", "services", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def make_targets() -> dict[str, str]:
    """Target → what `make help` says about it."""
    return dict(re.findall(r"^([a-z-]+):.*## (.+)$", text("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("path", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE"])
def test_the_house_has_its_papers(path: str) -> None:
    assert path in tracked()


def test_the_map_lists_what_exists_and_nothing_else() -> None:
    listed = set(the_map())
    gone = {path for path in listed if not (ROOT / path).exists() or path.endswith("/") != (ROOT / path).is_dir()}
    unlisted = sorted(wanted(tracked()) - listed)
    assert not unlisted, "\n".join(["ARCHITECTURE.md's map lacks", *unlisted])
    assert not gone, "\n".join(["ARCHITECTURE.md's map lists what is not there", *sorted(gone)])


def test_the_rule_of_the_map_on_a_small_tree() -> None:
    paths = (
        "services/gateway/web/vendor/fonts/a.js",
        "schemas/__init__.py",
        "schemas/alert.py",
        "deploy/cities/x/city.toml",
    )
    assert wanted(paths) == {
        *("services/", "services/gateway/", "services/gateway/web/", "services/gateway/web/vendor/"),
        *("schemas/", "schemas/alert.py", "deploy/", "deploy/cities/"),
    }


def test_every_setting_is_printed_with_its_help_by_hansho_settings() -> None:
    printed = " ".join(hansho("settings").split())
    assert [one.name for one in SETTINGS if one.name not in printed or " ".join(one.help.split()) not in printed] == []


def test_every_setting_has_a_name_of_its_own_and_a_help() -> None:
    assert [name for name, times in Counter(one.name for one in SETTINGS).items() if times > 1] == []
    assert [one.name for one in SETTINGS if len(one.help) < len("a few words")] == []


def test_no_two_errors_share_a_code() -> None:
    codes = Counter(code for path in tracked(".py", SOURCE) for code in class_codes(text(path)))
    assert [code for code, times in codes.items() if times > 1] == []


def test_codes_are_found_however_a_class_writes_them() -> None:
    source = 'class A:\n    code: ClassVar[str] = "E1001"\n\nclass B(A):\n    code = "E2001"\n    other = "E3001"\n'
    assert class_codes(source) == ["E1001", "E2001"]


def test_every_error_code_is_explained() -> None:
    used = {code: path for path in tracked(".py", SOURCE) for code in CODE.findall(text(path))}
    explained = set(CODE.findall(documents()))
    silent = [f"{code} {path}" for code, path in sorted(used.items()) if code not in explained]
    assert not silent, "\n".join(["README.md, ARCHITECTURE.md and docs/ do not explain", *silent])


@pytest.mark.parametrize("path", ["README.md", "ARCHITECTURE.md"])
def test_every_make_command_of_the_documents_is_a_target(path: str) -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)", " ".join(code_of(text(path)))))
    assert sorted(named - set(make_targets())) == []


def test_every_hansho_command_of_the_readme_exists() -> None:
    named = {word for code in code_of(text("README.md")) for word in re.findall(r"\bhansho ([a-z][a-z-]*)", code)}
    known = hansho("--help")
    assert sorted(word for word in named if not re.search(rf"\b{word}\b", known)) == []


def test_the_readme_shows_the_two_commands() -> None:
    assert {"make run", "make test"} <= {
        word for code in code_of(text("README.md")) for word in re.findall(r"make [a-z]+", code)
    }


def test_every_target_says_what_it_does() -> None:
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", text("Makefile"), re.MULTILINE)) - {"force"}
    assert sorted(phony ^ set(make_targets())) == []


def code_of(markdown: str) -> list[str]:
    """What stands in code blocks and between backticks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return [*blocks, *re.findall(r"`([^`\n]+)`", prose)]
