"""The national table renewed: JMA's area.json, or its code table as CSV, merged into `areas.csv` and `aliases.csv`.

What a document lists is brought up to date. What it lists no more goes only where it says what became of it: other codes
of the same municipality. Anything else stays and is named, for a place that is lost loses its people.

Sources: JMA bosai/common/const/area.json (centers, offices, class10s, class15s, class20s) as kept in its repositories;
コード管理表 AreaInformationCity-AreaForecastLocalM as CSV.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

from schemas.area import Scheme, TableDefect

COLUMNS = ("scheme", "code", "name", "kana", "english", "parent", "source")
JSON_SCHEMES = {
    "centers": Scheme.CENTER,
    "offices": Scheme.OFFICE,
    "class10s": Scheme.CLASS10,
    "class15s": Scheme.CLASS15,
    "class20s": Scheme.CLASS20,
}
CSV_SCHEMES = (
    (Scheme.CLASS10, "firstarea", ""),
    (Scheme.CLASS15, "matomearea", "firstareacode"),
    (Scheme.CLASS20, "city", "matomeareacode"),
)
"""Scheme, the columns' beginning, the column of the parent ("" where the table does not say)."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of `areas.csv`; "" where a source does not say."""

    scheme: str
    code: str
    name: str
    kana: str = ""
    english: str = ""
    parent: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The tables after an import, and what it did: areas added, changed, replaced (old → new), and listed no more.

    `unlisted` are of prefectures that the document lists.
    """

    rows: tuple[Row, ...]
    aliases: tuple[tuple[str, str, str, str], ...]
    added: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]
    replaced: tuple[tuple[str, tuple[str, ...]], ...]
    unlisted: tuple[Row, ...]


def rows_of(text: str) -> tuple[Row, ...]:
    """The rows of an `areas.csv` that `schemas.area.parse_table` has found sound."""
    return tuple(Row(**{column: row.get(column) or "" for column in COLUMNS}) for row in _csv(text))


def aliases_of(text: str) -> tuple[tuple[str, str, str, str], ...]:
    """The rows of an `aliases.csv`: scheme, old, new, why."""
    return tuple((row["scheme"], row["old"], row["new"], row.get("why") or "") for row in _csv(text))


def _csv(text: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def read_json(document: object, source: str) -> tuple[Row, ...] | TableDefect:
    """An area.json, whole or of one prefecture."""
    if not isinstance(document, Mapping) or not set(document) & set(JSON_SCHEMES):
        return TableDefect(line=0, reason=f"none of {', '.join(JSON_SCHEMES)} at its top")
    rows: list[Row] = []
    for key, scheme in JSON_SCHEMES.items():
        listed = document.get(key, {})
        if not isinstance(listed, Mapping):
            return TableDefect(line=0, reason=f"{key} is no object")
        for code, entry in listed.items():
            row = _entry(scheme, str(code), entry, source)
            if row is None:
                return TableDefect(line=0, reason=f"{key} {code!r}: no name, or no code of digits")
            rows.append(row)
    return tuple(rows)


def _entry(scheme: str, code: str, entry: Any, source: str) -> Row | None:
    if not isinstance(entry, Mapping) or not entry.get("name") or not (code.isascii() and code.isdigit()):
        return None
    said = {name: str(entry.get(key) or "") for name, key in (("kana", "kana"), ("english", "enName"))}
    return Row(
        scheme=scheme, code=code, name=str(entry["name"]), parent=str(entry.get("parent") or ""), source=source, **said
    )


def read_codes(text: str, source: str) -> tuple[Row, ...] | TableDefect:
    """JMA's code table as CSV: a line a municipality, with the areas it lies in."""
    lines = list(csv.DictReader(StringIO(text)))
    wanted = {f"{column}{part}" for _, column, _ in CSV_SCHEMES for part in ("code", "name")}
    if not lines or not wanted <= set(lines[0]):
        return TableDefect(line=1, reason=f"lacks one of the columns {', '.join(sorted(wanted))}")
    rows: dict[Key, Row] = {}
    for number, line in enumerate(lines, 2):
        for scheme, column, parent in CSV_SCHEMES:
            code, name = line[f"{column}code"] or "", line[f"{column}name"] or ""
            if not name or not (code.isascii() and code.isdigit()):
                return TableDefect(line=number, reason=f"{scheme} {code!r}: no name, or no code of digits")
            kana = line.get(f"{column}name_kn") or ""
            above = (line[parent] or "") if parent else ""
            rows[scheme, code] = Row(scheme=scheme, code=code, name=name, kana=kana, parent=above, source=source)
    return tuple(rows.values())


def renew(
    before: Iterable[Row], aliases: Iterable[tuple[str, str, str, str]], found: Iterable[Row], version: str
) -> Renewed:
    """The tables with a document merged into them; `version` says why in new aliases."""
    rows = {(row.scheme, row.code): row for row in before}
    added: list[Row] = []
    changed: list[tuple[Row, Row]] = []
    listed = {(row.scheme, row.code): row for row in found}
    for key, row in listed.items():
        old = rows.get(key)
        new = row if old is None else _merged(old, row)
        if old is None:
            added.append(new)
        elif new != old:
            changed.append((old, new))
        rows[key] = new
    replaced = dict(_replaced(rows, listed))
    for code in replaced:
        del rows[Scheme.CLASS20, code]
    covered = {(scheme, code[:2]) for scheme, code in listed}
    return Renewed(
        rows=tuple(rows.values()),
        aliases=_aliases(aliases, replaced, rows, version),
        added=tuple(added),
        changed=tuple(changed),
        replaced=tuple(replaced.items()),
        unlisted=tuple(row for key, row in rows.items() if (key[0], key[1][:2]) in covered and key not in listed),
    )


def _merged(old: Row, new: Row) -> Row:
    """What the document says, and of the rest what was known; the source changes with what people read."""
    merged = replace(
        new, kana=new.kana or old.kana, english=new.english or old.english, parent=new.parent or old.parent
    )
    return old if replace(merged, source=old.source) == old else merged


def _replaced(rows: Mapping[Key, Row], listed: Mapping[Key, Row]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Municipal codes that the document does not list, and the codes of the same municipality that it does."""
    parts: dict[str, list[str]] = defaultdict(list)
    for scheme, code in listed:
        if scheme == Scheme.CLASS20:
            parts[code[:5]].append(code)
    for scheme, code in rows:
        if scheme == Scheme.CLASS20 and (scheme, code) not in listed and code[:5] in parts:
            yield code, tuple(sorted(parts[code[:5]]))


def _aliases(
    before: Iterable[tuple[str, str, str, str]],
    replaced: Mapping[str, tuple[str, ...]],
    rows: Mapping[Key, Row],
    version: str,
) -> tuple[tuple[str, str, str, str], ...]:
    """Old codes lead to current ones only: through a code that was itself replaced, and not from one that is back."""
    found: dict[tuple[str, str, str], str] = {}
    for scheme, old, new, why in before:
        for current in replaced.get(new, (new,)) if scheme == Scheme.CLASS20 else (new,):
            if (scheme, old) not in rows:
                found[scheme, old, current] = why
    for old, codes in replaced.items():
        for current in codes:
            found[Scheme.CLASS20, old, current] = f"replaced by {version}"
    return tuple((*key, why) for key, why in sorted(found.items()))


def written(rows: Iterable[Row], header: str) -> str:
    """`areas.csv` under its header."""
    order = {scheme: place for place, scheme in enumerate((*JSON_SCHEMES.values(), *Scheme))}
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: (order[row.scheme], row.code)):
        writer.writerow([getattr(row, column) for column in COLUMNS])
    return header + out.getvalue()


def written_aliases(aliases: Iterable[tuple[str, str, str, str]], header: str) -> str:
    """`aliases.csv` under its header."""
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows([("scheme", "old", "new", "why"), *aliases])
    return header + out.getvalue()
