"""The office's pages from their templates: always escaping, nothing undefined, every moment in Japan's time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from schemas.alert import Surface
from schemas.level import LEVELS
from services.gateway.api.office.forms import JST, local
from services.gateway.core.history import short

TEMPLATES = Path(__file__).resolve().parents[2] / "web" / "office"
HEADERS = {"cache-control": "no-store"}
"""What stands on these pages is of this moment, and for this officer."""
SURFACES = {
    Surface.SIGN: "サイネージ",
    Surface.PAGE: "住民ページ",
    Surface.PUBLIC: "公開 API",
    Surface.PUSH: "プッシュ通知",
}


class Pages:
    """Templates of a folder, ready to be filled."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        """Read from a folder; what a template uses is here and nowhere else."""
        self._templates = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            {
                "time": clock_time,
                "moment": day_and_time,
                "local": local,
                "short": short,
                "surface": SURFACES.__getitem__,
            }
        )
        self._templates.globals.update({"LEVELS": LEVELS})

    def page(self, name: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
        """A page, never kept anywhere."""
        return HTMLResponse(self._templates.get_template(name).render(values), status_code=status, headers=HEADERS)


def clock_time(at: datetime) -> str:
    """22:40."""
    return f"{at.astimezone(JST):%H:%M}"


def day_and_time(at: datetime) -> str:
    """9月1日 22:40."""
    there = at.astimezone(JST)
    return f"{there.month}月{there.day}日 {there:%H:%M}"
