"""Our telegrams and feeds have the form of real ones: every element they use stands at that place in a recorded one."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.feedserver import app
from services.feedserver.core.feeds import FEEDS, empty_shelf, feed_document
from services.feedserver.core.storm import telegrams
from services.runtime import cities

STARTED_AT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
RUN = telegrams(app.load_storm("odawara", cities.deploy_dir()), "run-1", STARTED_AT)


def paths(element: ET.Element, above: str = "") -> Iterator[str]:
    """Every path of element names in a document, with namespaces, and with the attributes used at it."""
    path = f"{above}/{element.tag}"
    yield path
    yield from (f"{path}@{name}" for name in element.attrib)
    for child in element:
        yield from paths(child, path)


def recorded(folder: Path, *patterns: str) -> set[str]:
    """The paths of all recorded documents whose names match."""
    files = [file for pattern in patterns for file in folder.glob(pattern)]
    assert files, f"no samples match {patterns} in {folder}"
    return {path for file in files for path in paths(ET.parse(file).getroot())}


def ours(kind: str) -> set[str]:
    bodies = [item.body for item in RUN if f"_{kind}" in item.path]
    assert bodies
    return {path for body in bodies for path in paths(ET.fromstring(body))}


@pytest.mark.parametrize(
    ("kind", "patterns"),
    [
        ("VPWW55", ("VPWW55__*",)),
        ("VPWW56", ("VPWW56__*",)),
        ("VPWW58", ("VPWW58__*",)),
        ("VXKO", ("VXKO*__live*",)),
        ("VZSE40", ("VZSE40__*",)),
    ],
)
def test_our_telegrams_use_only_what_recorded_ones_of_the_type_use(
    kind: str, patterns: tuple[str, ...], samples: Path
) -> None:
    assert sorted(ours(kind) - recorded(samples / "jma", *patterns)) == []


def test_our_feeds_use_only_what_recorded_ones_use(samples: Path) -> None:
    shelf = empty_shelf(STARTED_AT).with_published(RUN)
    used = {
        path
        for feed in FEEDS.values()
        for path in paths(ET.fromstring(feed_document(shelf, feed, "http://127.0.0.1:1")))
    }
    assert sorted(used - recorded(samples / "jma" / "feeds", "*_recorded.xml")) == []


def test_elements_stand_in_the_order_of_recorded_ones(samples: Path) -> None:
    """Order within Control, Head and a town's Item, which a strict reader relies on."""
    (sample,) = (samples / "jma").glob("VPWW55__live-fq*")
    for name in ("Control", "Head", "Item", "Kind"):
        known = {tuple(order(element)) for element in ET.parse(sample).getroot().iter() if local(element) == name}
        used = {
            tuple(order(element))
            for item in RUN
            if "_VPWW55_" in item.path
            for element in ET.fromstring(item.body).iter()
            if local(element) == name
        }
        assert [one for one in used if not any(is_within(one, whole) for whole in known)] == []
        assert used & known


def local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def order(element: ET.Element) -> list[str]:
    return [local(child) for child in element]


def is_within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether `part` is `whole` with some left out."""
    rest = iter(whole)
    return all(name in rest for name in part)
