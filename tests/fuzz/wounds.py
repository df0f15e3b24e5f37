"""Wounds of XML documents: of their bytes, which mostly break the form, and of their tree, which keep it.

A wound of the tree leaves a well-formed document that says something else: elements dropped, doubled, moved, exchanged with
another document's, texts exchanged, codes and times out of range. Everything follows from the `Random` that is given.
"""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from random import Random

Tree = ET.Element
WORDS = (
    "",
    " ",
    "0",
    "-1",
    "99",
    "９９",
    "999999999999999999999999",
    "NaN",
    "∞",
    "9999900",
    "1420600",
    "330",
    "解除",
    "取消",
    "訓練",
    "通常",
    "なし",
    "発表警報・注意報はなし",
    "0000-00-00T00:00:00+09:00",
    "9999-12-31T23:59:59+09:00",
    "0001-01-01T00:00:00-23:59",
    "2026-09-01T20:30:00",
    "P99999999D",
    "\u202e逆",
    "\ufffd",
    "a" * 5000,
)
"""Texts that stand nowhere in a telegram, or only elsewhere."""
BYTES_AT_ONCE_MAX = 24


def of_bytes(body: bytes, chance: Random) -> bytes:
    """One wound of the bytes: cut, hole, foreign bytes, a piece twice."""
    if not body:
        return bytes([chance.randrange(256)])
    at = chance.randrange(len(body))
    length = chance.randrange(1, BYTES_AT_ONCE_MAX)
    kind = chance.randrange(4)
    if kind == 0:
        return body[:at]
    if kind == 1:
        return body[:at] + body[at + length :]
    if kind == 2:
        return body[:at] + bytes(chance.randrange(256) for _ in range(length)) + body[at:]
    return body[: at + length] + body[at:]


def of_tree(root: Tree, others: Sequence[Tree], chance: Random) -> Tree:
    """A copy with one to five wounds."""
    wounded = copy.deepcopy(root)
    for _ in range(chance.randrange(1, 6)):
        chance.choice(_WOUNDS)(wounded, others, chance)
    return wounded


def _pair(root: Tree, chance: Random) -> tuple[Tree, Tree] | None:
    """A parent and one of its children."""
    parents = [element for element in root.iter() if len(element)]
    if not parents:
        return None
    parent = chance.choice(parents)
    return parent, chance.choice(list(parent))


def _drop(root: Tree, _others: Sequence[Tree], chance: Random) -> None:
    if found := _pair(root, chance):
        found[0].remove(found[1])


def _double(root: Tree, _others: Sequence[Tree], chance: Random) -> None:
    if found := _pair(root, chance):
        found[0].append(copy.deepcopy(found[1]))


def _move(root: Tree, _others: Sequence[Tree], chance: Random) -> None:
    if found := _pair(root, chance):
        found[0].remove(found[1])
        chance.choice(list(root.iter())).append(found[1])


def _exchange(root: Tree, others: Sequence[Tree], chance: Random) -> None:
    """An element gives way to one of the same name in another document."""
    found, other = _pair(root, chance), chance.choice(others)
    if found:
        named_so = [element for element in other.iter() if element.tag == found[1].tag]
        if named_so:
            found[0].remove(found[1])
            found[0].append(copy.deepcopy(chance.choice(named_so)))


def _reword(root: Tree, others: Sequence[Tree], chance: Random) -> None:
    """A text becomes another document's, or one that is out of range."""
    elements = [element for element in root.iter() if not len(element)]
    foreign = [element.text or "" for element in chance.choice(others).iter() if not len(element)]
    if elements:
        chance.choice(elements).text = chance.choice(WORDS if chance.random() < 0.5 or not foreign else foreign)


def _rename(root: Tree, _others: Sequence[Tree], chance: Random) -> None:
    """An attribute becomes another: lists and periods are told by them."""
    elements = [element for element in root.iter() if element.attrib]
    if elements:
        element = chance.choice(elements)
        element.set(chance.choice(sorted(element.attrib)), chance.choice(WORDS))


def _recode(root: Tree, _others: Sequence[Tree], chance: Random) -> None:
    """A code is one digit off."""
    codes = [element for element in root.iter() if element.tag.endswith("Code") and (element.text or "").strip()]
    if codes:
        element = chance.choice(codes)
        text = (element.text or "").strip()
        at = chance.randrange(len(text))
        element.text = text[:at] + str(chance.randrange(10)) + text[at + 1 :]


_Wound = Callable[[Tree, Sequence[Tree], Random], None]
_WOUNDS: tuple[_Wound, ...] = (_drop, _double, _move, _exchange, _reword, _reword, _rename, _recode)
