"""What people read: the golden texts in tests/fixtures/wording, and the rules behind them.

HANSHO_REWRITE_GOLDEN=1 writes the golden files anew; read the difference before it is committed.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from schemas.alert import Alert, Info, Origin, Status
from schemas.area import AreaCode
from schemas.level import LEVELS
from schemas.lifecycle import fold
from schemas.notification import Change, Notice
from schemas.subscription import Language
from services.gateway.core import frames, wording
from services.gateway.core.card import card
from services.gateway.core.message import of_block, of_item, wire_of
from services.gateway.core.wording import Medium, action, word
from services.gateway.core.words import chosen
from tests.unit.gateway.core.notices import (
    HIRATSUKA,
    KAWASAKI,
    NAMES,
    ODAWARA,
    SAGAMI_BAY,
    ZUSHI,
    alert_of,
    item,
    notice,
    office_notice,
    order_item,
)

GOLDEN = Path(__file__).resolve().parents[3] / "fixtures" / "wording"
LONG = "川沿いの低い土地にいる人は、近くの頑丈な建物の二階以上に上がってください。" * 4
GALE = item(Change.RISE, hazard="wind", event="暴風警報", level=None, rank=3)
SCENES: dict[str, Notice] = {
    "official-warning": notice(item()),
    "official-warning-rises": notice(item(Change.RISE)),
    "official-warning-in-two-places-and-more": notice(item(), item(area=HIRATSUKA), GALE, drill=True),
    "official-warning-lowered": notice(item(Change.LOWERED)),
    "official-warning-ends": notice(item(Change.END)),
    "official-warning-withdrawn": notice(item(Change.CANCEL)),
    "advisory-of-level-2": notice(item(hazard="heavy_rain", event="レベル２大雨注意報", level=2, rank=2)),
    "without-a-level": notice(GALE),
    "tsunami": notice(item(hazard="tsunami", event="大津波警報", level=None, rank=5, area=SAGAMI_BAY)),
    "gauge": notice(
        item(hazard="gauge:s1", event="氾濫危険水位", level=None, rank=3, origin=Origin.GAUGE),
        sender_name="京浜河川事務所",
        stream="river:s1",
    ),
    "gauge-is-over": notice(
        item(Change.END, hazard="gauge:s1", event="氾濫危険水位", level=None, rank=3, origin=Origin.GAUGE),
        sender_name="京浜河川事務所",
        stream="river:s1",
    ),
    "order": office_notice(order_item()),
    "order-of-level-5-rises-in-a-drill": office_notice(order_item(Change.RISE, 5), drill=True),
    "order-in-the-offices-own-words": office_notice(
        order_item(
            level=3,
            instruction=(
                "片浦地区の人は、片浦小学校へ避難してください。",
                "かたうらの ひとは、 かたうら しょうがっこうへ にげて ください。",
                "Kataura: go to Kataura Primary School.",
            ),
        )
    ),
    "order-ends": office_notice(order_item(Change.END)),
    "order-withdrawn-in-a-drill": office_notice(order_item(Change.CANCEL), drill=True),
    "shelter": office_notice(item(hazard="shelter:i2", event="避難所開設", level=None, rank=3, origin=Origin.OFFICE)),
    "many": notice(
        *(item(area=area) for area in (*NAMES, SAGAMI_BAY)),
        *(
            item(Change.END, hazard=hazard, event=event, level=None, rank=2)
            for hazard, event in (
                ("fog", "濃霧注意報"),
                ("frost", "霜注意報"),
                ("thunder", "雷注意報"),
                ("icing", "着氷注意報"),
            )
        ),
    ),
    "test": replace(notice(), status=Status.TEST, sender_name="小田原市", stream="test:d1"),
}


def texts(scene: Notice) -> dict[str, object]:
    """Every text of a notice by language and medium, and, where something is in force, what a sign is sent and shows."""
    told: dict[str, object] = {
        language: {
            medium: {"title": text.title, "body": text.body}
            for medium in (Medium.PUSH, Medium.INBOX)
            for text in (word(scene, language, medium, NAMES),)
        }
        for language in Language
    }
    alert = alert_of(scene)
    shown = scene.status is not Status.TEST and alert.info
    return {**told, Medium.SIGN: {"stream": sent(alert), "cards": cards(alert)}} if shown else told


def sent(alert: Alert) -> object:
    """The stream as a sign in Odawara is sent it."""
    stream: object = json.loads(frames.reduced(fold(None, alert.streams[0], alert), wire_of(alert, NAMES)))
    return stream


def cards(alert: Alert) -> list[dict[str, dict[str, str]]]:
    """The lines that this sign shows of each block, in every language."""
    return [
        {
            language: {name: line for name, line in asdict(shown).items() if name != "language"}
            for language in Language
            for shown in (card(of_block(alert, info, NAMES), own_places(info, language), language),)
        }
        for info in alert.info
    ]


def own_places(info: Info, language: Language) -> list[str]:
    """Which of a block's areas are this sign's: the city, else its bay under the name its source gives it."""
    own = [area for area in info.area if area.code == ODAWARA] or [one for one in info.area if one.code == SAGAMI_BAY]
    return [chosen(NAMES[area.code], language) if area.code in NAMES else area.area_desc for area in own]


@pytest.mark.parametrize("scene", SCENES)
def test_a_notice_reads_as_its_golden_file_says(scene: str) -> None:
    path = GOLDEN / f"{scene}.json"
    if os.environ.get("HANSHO_REWRITE_GOLDEN"):
        path.write_text(json.dumps(texts(SCENES[scene]), ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert texts(SCENES[scene]) == json.loads(path.read_text("utf-8"))


def test_every_golden_file_belongs_to_a_scene() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SCENES)


# --- three kinds of event stay apart ---


def test_a_warning_of_the_weather_service_is_equivalent_to_a_level_and_orders_nothing() -> None:
    text = word(notice(item()), Language.JA, Medium.PUSH, NAMES)
    assert text.title == "警戒レベル４相当 土砂災害危険警報 小田原市"
    assert "避難指示" not in text.body


def test_only_the_office_orders_an_evacuation() -> None:
    text = word(office_notice(order_item()), Language.JA, Medium.PUSH, NAMES)
    assert text.title == "警戒レベル４ 避難指示 小田原市"
    assert LEVELS[4].action.ja in text.body


def test_a_gauge_has_no_level_even_where_its_source_names_one() -> None:
    gauge = item(hazard="gauge:s1", event="氾濫危険水位", level=4, rank=4, origin=Origin.GAUGE)
    text = word(notice(gauge), Language.JA, Medium.INBOX, NAMES)
    assert "レベル" not in text.title + text.body


def test_an_ended_order_is_not_repeated_as_an_order_in_easy_japanese() -> None:
    text = word(office_notice(order_item(Change.END)), Language.EASY, Medium.PUSH, NAMES)
    assert "みんな にげて" not in text.title + text.body


def test_an_unknown_hazard_is_still_told() -> None:
    text = word(notice(item(hazard="meteor", event="隕石警報", level=None)), Language.EN, Medium.PUSH, NAMES)
    assert text.title == "Notice warning: Odawara City"


# --- the office's own words ---


def test_half_an_instruction_is_none_so_a_push_has_the_tables_action_and_the_inbox_the_offices() -> None:
    own = order_item(instruction=(LONG[:120], "", ""))
    assert (
        action(of_item(office_notice(own), own, NAMES), Language.JA, length_max=wording.ACTION_MAX)
        == LEVELS[4].action.ja
    )
    assert LONG[:100] in word(office_notice(own), Language.JA, Medium.INBOX, NAMES).body


def test_easy_words_with_kanji_are_not_easy_so_the_tables_stand_there() -> None:
    own = order_item(instruction=("", "小学校へ にげて ください", ""))
    assert (
        action(of_item(office_notice(own), own, NAMES), Language.EASY, length_max=wording.ACTION_MAX)
        == LEVELS[4].action.easy
    )


def test_words_written_in_one_language_are_never_shown_in_another() -> None:
    own = order_item(instruction=("本町へ避難してください。", "", ""))
    assert (
        action(of_item(office_notice(own), own, NAMES), Language.EN, length_max=wording.ACTION_MAX)
        == LEVELS[4].action.en
    )


# --- what fits ---


def test_a_title_that_is_too_long_keeps_the_level_and_loses_the_names() -> None:
    area = replace(item(), area=SAGAMI_BAY, area_desc="とても長い名前の沿岸" * 5, event=f"レベル４{'長' * 60}危険警報")
    text = word(notice(area, GALE, drill=True), Language.JA, Medium.PUSH, NAMES)
    assert len(text.title) <= wording.TITLE_MAX
    assert text.title.startswith("【訓練】警戒レベル４相当")
    assert text.title.endswith(" ほか1件")


def test_a_title_of_which_nothing_fits_is_cut_where_it_is_seen() -> None:
    title = word(notice(item(event="", level=None, hazard="nankai"), drill=True), Language.EN, Medium.PUSH, {}).title
    assert len(title) <= wording.TITLE_MAX
    long = replace(item(Change.CANCEL, level=None), event="長" * 90)
    named = wording._titles(
        wording.Subject(message=of_item(notice(long), long, NAMES), places=("遠" * 60,)), Language.JA
    )
    assert list(named)[-1] == "取消 土砂災害"


def test_an_inbox_lists_the_worst_and_counts_the_rest() -> None:
    kinds = ("fog", "frost", "thunder", "icing", "heat", "dry_air", "wave", "wind", "ash", "quake", "typhoon")
    many = notice(*(item(hazard=one, event="", level=None, rank=2) for one in kinds))
    lines = word(many, Language.JA, Medium.INBOX, NAMES).body.split("\n")
    assert len(lines) == wording.INBOX_SUBJECTS_MAX + 2
    assert lines[-2] == "ほか1件"


def test_a_place_is_named_once_however_often_it_comes() -> None:
    assert word(notice(item(), item()), Language.JA, Medium.PUSH, NAMES).title.count("小田原市") == 1


def test_an_area_without_a_name_is_told_by_its_code() -> None:
    bare = replace(item(), area=SAGAMI_BAY, area_desc="")
    assert "tsunami:330" in word(notice(bare), Language.JA, Medium.PUSH, NAMES).body


def test_four_places_are_three_and_a_count() -> None:
    spread = notice(*(item(area=area) for area in (HIRATSUKA, ZUSHI, KAWASAKI, SAGAMI_BAY)))
    assert "平塚市・逗子市・川崎市ほか1か所" in word(spread, Language.JA, Medium.PUSH, NAMES).body


def test_what_else_there_is_names_its_place_where_it_is_another_one() -> None:
    more = item(hazard="heavy_rain", event="レベル４大雨危険警報", area=HIRATSUKA)
    said = {language: word(notice(item(), more, GALE), language, Medium.PUSH, NAMES).body for language in Language}
    assert "ほか2件：大雨危険警報（平塚市）、暴風警報。" in said[Language.JA]
    assert "おおあめの きけんけいほう（ひらつかし）" in said[Language.EASY]
    assert "2 more: heavy rain danger warning (Hiratsuka City), strong wind warning." in said[Language.EN]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("drill", [False, True])
def test_what_else_there_is_gives_way_before_time_and_source_do(language: Language, *, drill: bool) -> None:
    far = [
        replace(item(), area=AreaCode("x", str(n)), area_desc="遠" * 30, event=f"{n}{'長' * 60}警報") for n in range(9)
    ]
    body = word(notice(item(), *far, drill=drill), language, Medium.PUSH, NAMES).body
    assert "22:40" in body
    assert body[-1] in "）)"


# --- where ---


def test_an_order_is_about_the_districts_that_it_names() -> None:
    scene = office_notice(replace(order_item(), area_desc="小田原市 早川・風祭"))
    japanese = word(scene, Language.JA, Medium.PUSH, NAMES)
    assert japanese.title == "警戒レベル４ 避難指示 小田原市 早川・風祭"
    assert "小田原市 早川・風祭：" in japanese.body
    assert "Odawara" in word(scene, Language.EN, Medium.PUSH, NAMES).title
    official = word(notice(replace(item(), area_desc="小田原市 早川・風祭")), Language.JA, Medium.PUSH, NAMES)
    assert "早川" not in official.title + official.body


@pytest.mark.parametrize("language", Language)
def test_a_signs_text_is_the_lines_of_its_first_card(language: Language) -> None:
    scene = office_notice(order_item(), GALE, drill=True)
    text = word(scene, language, Medium.SIGN, NAMES)
    assert (text.title, text.body.split("\n")) == (
        "",
        list(card(of_item(scene, order_item(), NAMES), [chosen(NAMES[ODAWARA], language)], language).lines()),
    )
