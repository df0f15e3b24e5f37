"""`make schemas`: JSON Schema, golden examples and the pages' tables, all written from the contract types.

python -m schemas.generate           rewrite
python -m schemas.generate --check   exit 1 naming every file that differs
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from schemas import codec
from schemas.examples import EXAMPLES
from schemas.hazard import HAZARDS
from schemas.level import EQUIVALENT, LEVELS, WARNING_LEVEL
from schemas.text import DRILL_CONTENT, DRILL_MARK, DRILL_SAID, Text
from schemas.topics import PLANNED, TOPICS

ROOT = Path(__file__).resolve().parents[1]
JSON_DIR = ROOT / "schemas" / "json"
PAGES_TABLE = ROOT / "services" / "gateway" / "web" / "shared" / "contract.js"
HEADER = "// Generated from schemas/ by `make schemas`; do not edit.\n"


def files() -> dict[Path, str]:
    """Every generated file and its text."""
    made = {JSON_DIR / f"{kind}.schema.json": _schema(kind) for kind in codec.KINDS}
    made |= {
        JSON_DIR / "examples" / f"{name}.json": _pretty(codec.encode(example)) for name, example in EXAMPLES.items()
    }
    made[JSON_DIR / "topics.json"] = json.dumps(_topics(), ensure_ascii=False, indent=1) + "\n"
    made[PAGES_TABLE] = _pages_table()
    return made


def _schema(kind: str) -> str:
    schema = codec.adapter(kind).json_schema(by_alias=True)
    return json.dumps({"$id": f"jp.hansho.{kind}.v{codec.MAJOR}", **schema}, ensure_ascii=False, indent=1) + "\n"


def _pretty(value: bytes) -> str:
    return json.dumps(orjson.loads(value), ensure_ascii=False, indent=1) + "\n"


def _topics() -> list[dict[str, Any]]:
    return [{**asdict(topic), "exists": name in TOPICS} for name, topic in PLANNED.items()]


def _text(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"ja": text.ja, "easy": text.easy, "en": text.en}


def _pages_table() -> str:
    levels = {
        level: {
            "level": level,
            "ground": row.ground,
            "ink": row.ink,
            "shape": row.shape,
            "colour": _text(row.colour),
            "order": _text(row.order),
            "action": _text(row.action),
            "equivalentAction": _text(row.equivalent_action),
        }
        for level, row in LEVELS.items()
    }
    hazards = {id_: {"name": _text(row.name), "action": _text(row.action)} for id_, row in HAZARDS.items()}
    tables = (
        ("LEVELS", levels),
        ("HAZARDS", hazards),
        ("WARNING_LEVEL", _text(WARNING_LEVEL)),
        ("EQUIVALENT", _text(EQUIVALENT)),
        ("DRILL", {"mark": _text(DRILL_MARK), "said": _text(DRILL_SAID), "content": _text(DRILL_CONTENT)}),
    )
    # one frozen constant a table: the pages import what they need and nobody can change what a level means
    return HEADER + "".join(
        f"export const {name} = Object.freeze({json.dumps(table, ensure_ascii=False, indent=1)});\n"
        for name, table in tables
    )


def main(argv: Sequence[str]) -> int:
    """Write all files, or with --check say which differ."""
    stale = [path for path, text in files().items() if not path.is_file() or path.read_text("utf-8") != text]
    extra = [path for path in sorted(JSON_DIR.rglob("*.json")) if path not in files()]
    if "--check" in argv:
        for path in [*stale, *extra]:
            print(
                f"schemas: {path.relative_to(ROOT)} differs from the contract types: run `make schemas`",
                file=sys.stderr,
            )
        return 1 if stale or extra else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files()[path], "utf-8")
        print(f"schemas: wrote {path.relative_to(ROOT)}")
    for path in extra:
        path.unlink()
        print(f"schemas: removed {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
