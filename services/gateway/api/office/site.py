"""The office's pages, joined."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from services.gateway.api.office import door, drafts, incidents, record, render, situation
from services.gateway.api.office.desk import Desk


def router(desk: Desk, templates: Path = render.TEMPLATES) -> APIRouter:
    """All routes under /office; the last of them says that there is no such page."""
    entrance = door.Door(desk=desk, pages=render.Pages(templates))
    api = door.router(entrance)
    for part in (situation, drafts, incidents, record):
        part.add(api, entrance)
    return api
