from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.level import LEVELS
from schemas.notification import Change
from schemas.office import Content, Purpose
from services.gateway.core.composing import compose, compose_withdrawal
from services.gateway.core.incident import Incident
from services.gateway.core.preview import Preview, preview
from tests.factories import at
from tests.office import SENDER, Play, a_content, a_drill_order, a_real_order


def of(play: Play, purpose: Purpose, content: Content | None = None) -> Preview:
    incident: Incident = play.now
    alert = (
        compose_withdrawal(incident, at=at(60), sender=SENDER)
        if purpose is Purpose.WITHDRAW
        else compose(incident, purpose, content or a_content(), at=at(60), sender=SENDER)
    )
    return preview(incident, purpose, alert, SENDER.areas)


def opened(play: Play) -> Play:
    play.open()
    return play


def test_a_new_order_is_shown_in_every_language_as_a_phone_would_show_it() -> None:
    found = of(opened(a_real_order()), Purpose.ISSUE)
    assert (found.change, found.wakes) == (Change.NEW, True)
    assert [text.language for text in found.texts] == ["ja", "easy", "en"]
    assert "避難指示" in found.texts[0].title
    assert "避難してください。" in found.texts[0].body
    assert "Evacuate now." in found.texts[2].body


def test_a_drill_is_marked_first_thing() -> None:
    found = of(opened(a_drill_order()), Purpose.ISSUE, a_content(expires=at(90)))
    assert found.texts[0].title.startswith("【訓練】")


@pytest.mark.parametrize(("level", "wakes"), [(3, False), (4, False), (5, True)])
def test_only_a_change_that_raises_the_level_wakes_anybody(level: int, wakes: bool) -> None:
    found = of(a_real_order().issued(), Purpose.CHANGE, a_content(level))
    assert (found.change, found.wakes) == (Change.RISE, wakes)


def test_an_end_is_told_by_the_name_under_which_it_was_told() -> None:
    found = of(a_real_order().issued(), Purpose.END)
    assert (found.change, found.wakes) == (Change.END, True)
    assert "避難指示" in found.texts[0].title
    assert "解除" in found.texts[0].title


def test_a_withdrawal_is_told_as_a_mistake() -> None:
    found = of(a_real_order().issued(), Purpose.WITHDRAW)
    assert found.change is Change.CANCEL
    assert "取消" in found.texts[0].title


def test_a_draft_without_an_area_still_has_a_preview() -> None:
    play = opened(a_real_order())
    assert of(play, Purpose.ISSUE, a_content(areas=())).texts


def test_a_withdrawal_after_bytes_that_cannot_be_read_any_more_has_nothing_to_name() -> None:
    play = a_real_order().issued()
    broken = replace(play.now, issues=(replace(play.last, alert="{}"),))
    alert = compose_withdrawal(broken, at=at(60), sender=SENDER)
    assert preview(broken, Purpose.WITHDRAW, alert, SENDER.areas).wakes


def test_an_area_without_a_code_is_not_told_of() -> None:
    play = opened(a_real_order())
    alert = compose(play.now, Purpose.ISSUE, a_content(), at=at(60), sender=SENDER)
    info = alert.info[0]
    bare = replace(alert, info=(replace(info, area=(replace(info.area[0], code=None), *info.area)),))
    assert preview(play.now, Purpose.ISSUE, bare, SENDER.areas) == preview(play.now, Purpose.ISSUE, alert, SENDER.areas)


def test_what_a_sign_will_show_is_seen_before_it_is_ordered() -> None:
    shown = of(opened(a_real_order()), Purpose.ISSUE).sign
    assert shown is not None
    assert (shown.mark, shown.name, shown.action) == ("警戒レベル4", "避難指示", LEVELS[4].action.ja)


@pytest.mark.parametrize("purpose", [Purpose.END, Purpose.WITHDRAW])
def test_what_is_over_leaves_the_signs(purpose: Purpose) -> None:
    assert of(a_real_order().issued(), purpose).sign is None
