"""Read the area tables and the cities of `deploy/`; what they mean is in `schemas/area.py`."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from schemas.area import AreaTable, City, CityDefect, TableDefect, parse_city, parse_table
from services.runtime.errors import HanshoError

TABLES = ("areas.csv", "aliases.csv", "wards.csv")


class CityUnusable(HanshoError):
    """The city's files or the area tables are missing or damaged: without them no warning finds its place."""

    code: ClassVar[str] = "E6003"


def deploy_dir(named: str = "") -> Path:
    """The folder with cities and area tables: the one named, otherwise the repository's own."""
    return Path(named) if named else Path(__file__).resolve().parents[2] / "deploy"


def load_table(deploy: Path) -> AreaTable:
    """Read the national area table (a few milliseconds; read it once). Raises `CityUnusable`."""
    table = parse_table(*(_text(deploy / "areas" / name) for name in TABLES))
    if isinstance(table, TableDefect):
        raise CityUnusable(
            f"{deploy / 'areas'}: {table.code} line {table.line}: {table.reason}. Restore it or run make.py"
        )
    return table


def city_ids(deploy: Path) -> tuple[str, ...]:
    """Name the cities there are."""
    return tuple(sorted(path.parent.name for path in deploy.glob("cities/*/city.toml")))


def load_city(deploy: Path, city_id: str, table: AreaTable) -> City:
    """Read a city with its neighbours' areas in its `watch`. Raises `CityUnusable`."""
    city = _city(deploy, city_id, table)
    return city.with_neighbours(_city(deploy, neighbour, table) for neighbour in city.neighbours)


def load_gauges_text(deploy: Path, city_id: str) -> str:
    """Read the gauges a city watches, "" where it watches none; what it means is ingest's."""
    path = _folder(deploy, city_id) / "gauges.toml"
    return _text(path) if path.is_file() else ""


def load_boundary(deploy: Path, city_id: str) -> bytes:
    """Read a city's outline: GeoJSON, a FeatureCollection whose `source` must be named where it is drawn."""
    return _text(_folder(deploy, city_id) / "boundary.geojson").encode()


def load_rules(deploy: Path, city_id: str) -> str | None:
    """Read a city's rules of who is pushed what; None where it has no such file."""
    path = _folder(deploy, city_id) / "rules.toml"
    return _text(path) if path.exists() else None


def _city(deploy: Path, city_id: str, table: AreaTable) -> City:
    path = _folder(deploy, city_id) / "city.toml"
    city = parse_city(_text(path), table)
    if isinstance(city, CityDefect):
        raise CityUnusable(f"{path}: {city.code} {city.reason}")
    if city.id != city_id:
        raise CityUnusable(f"{path}: the city calls itself {city.id!r}, the folder says {city_id!r}")
    return city


def _folder(deploy: Path, city_id: str) -> Path:
    """Only a city that is there: a name from outside never becomes a path."""
    known = city_ids(deploy)
    if city_id not in known:
        raise CityUnusable(f"no city {city_id!r} in {deploy / 'cities'}; there are: {', '.join(known) or 'none'}")
    return deploy / "cities" / city_id


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CityUnusable(f"{path} cannot be read ({error}). Name the folder with --deploy-dir") from error
