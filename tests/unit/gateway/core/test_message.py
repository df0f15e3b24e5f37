"""What is said of one thing, before a language or a channel is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.alert import Area, Info, InfoState, Origin
from schemas.area import AreaCode, AreaEntry, AreaTable, City
from schemas.hazard import HAZARDS, TAKE_CARE
from schemas.level import LEVELS
from schemas.notification import Change, Item, Notice
from schemas.subscription import Language
from schemas.text import Text
from services.gateway.core import words
from services.gateway.core.message import (
    Kind,
    Message,
    names_of,
    of_block,
    of_item,
    plain_event,
    source_of,
    wire,
    wire_of,
)
from services.gateway.core.words import chosen
from tests.unit.gateway.core.notices import NAMES, ODAWARA, alert_of, item, notice, office_notice, order_item

GAUGE = item(hazard="gauge:s1", event="氾濫危険水位", level=4, rank=4, origin=Origin.GAUGE)
RIVER = AreaCode("flood_area", "999999000100")


def told(one: Item, by: Notice | None = None) -> Message:
    return of_item(by or (office_notice if one.origin is Origin.OFFICE else notice)(one), one, NAMES)


def shown(one: Item, **changes: object) -> Message:
    """The same thing as a block, with these fields changed."""
    alert = alert_of((office_notice if one.origin is Origin.OFFICE else notice)(one))
    info: Info = replace(alert.info[0], **changes)  # type: ignore[arg-type]  # names are the test's own
    return of_block(alert, info, NAMES)


# --- three kinds of event stay apart ---


@pytest.mark.parametrize("level", [3, 4, 5])
def test_an_official_level_is_equivalent_and_never_the_citys_order_or_its_action(level: int) -> None:
    said = shown(item(level=level, rank=level))
    assert (said.level, said.equivalent, said.order) == (level, True, False)
    assert said.action == LEVELS[level].equivalent_action
    assert said.verb == words.VERBS["issued"]


@pytest.mark.parametrize("level", [1, 2])
def test_levels_1_and_2_are_the_weather_services_own(level: int) -> None:
    said = shown(item(hazard="heavy_rain", event="レベル２大雨注意報", level=level, rank=level))
    assert (said.level, said.equivalent, said.order) == (level, False, False)


def test_only_the_offices_word_is_an_order_at_its_level() -> None:
    said = shown(order_item())
    assert (said.level, said.equivalent, said.order) == (4, False, True)
    assert (said.name.ja, said.name.easy, said.name.en) == ("避難指示", "みんな にげて ください", "evacuation order")
    assert said.action == LEVELS[4].action
    assert said.verb == words.VERBS["order"]


def test_the_office_has_no_order_at_level_2_and_none_without_a_level() -> None:
    assert [shown(order_item(level=2)).order, shown(item(origin=Origin.OFFICE, level=None)).order] == [False, False]


def test_a_gauge_has_no_level_even_where_its_source_names_one() -> None:
    said = shown(GAUGE)
    assert (said.level, said.equivalent, said.order) == (None, False, False)
    assert said.action == HAZARDS["gauge"].action
    assert said.verb == words.VERBS["observed"]


def test_without_a_level_the_grade_says_how_strongly_and_the_hazard_what_to_do() -> None:
    said = shown(item(hazard="wind", event="暴風特別警報", level=None, rank=5))
    assert (said.level, said.grade.ja, said.action) == (None, "特別 警報", HAZARDS["wind"].action)
    assert shown(item(hazard="quake", event="震度４", level=None)).grade == HAZARDS["quake"].name


def test_what_only_informs_asks_for_attention_alone() -> None:
    early = item(hazard="wind:information", event="早期注意情報", level=None, rank=1)
    assert (shown(early).action, told(early).action) == (TAKE_CARE, TAKE_CARE)
    assert shown(replace(early, rank=2)).action == HAZARDS["wind"].action
    assert shown(replace(early, origin=Origin.GAUGE)).action == HAZARDS["wind"].action
    assert shown(replace(early, level=1)).action == LEVELS[1].equivalent_action


# --- what it is called ---


@pytest.mark.parametrize(
    ("event", "plain"),
    [
        ("レベル４土砂災害危険警報", "土砂災害危険警報"),
        ("レベル3氾濫警報", "氾濫警報"),
        ("レベル上昇情報", "レベル上昇情報"),
        ("氾濫注意情報（警戒情報解除）", "氾濫注意情報"),
        ("（注意）", "（注意）"),
        ("（試）注意報", "（試）注意報"),
        ("暴風警報", "暴風警報"),
        ("", ""),
    ],
)
def test_the_events_name_without_its_level(event: str, plain: str) -> None:
    assert plain_event(event) == plain


@pytest.mark.parametrize(
    ("hazard", "event", "names"),
    [
        (
            "landslide",
            "レベル４土砂災害危険警報",
            ("土砂災害危険警報", "がけくずれの きけんけいほう", "landslide danger warning"),
        ),
        ("tsunami", "大津波警報", ("大津波警報", "とても おおきな つなみの けいほう", "major tsunami warning")),
        ("quake", "震度４", ("震度４", "じしん", "earthquake")),
        ("landslide", "", ("土砂災害", "がけくずれ", "landslide")),
        ("meteor", "隕石警報", ("隕石警報", "おしらせの けいほう", "notice warning")),
        ("wind", "長" * 50, ("長" * 39 + "…", "つよい かぜ", "strong wind")),
    ],
)
def test_it_is_called_as_its_source_calls_it_and_by_hazard_and_grade_elsewhere(
    hazard: str, event: str, names: tuple[str, str, str]
) -> None:
    said = shown(item(hazard=hazard, event=event, level=None))
    assert tuple(chosen(said.name, language) for language in Language) == names


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        ("土砂災害危険警報", ("土砂災害", "危険警報")),
        ("大雨特別警報", ("大雨", "特別警報")),
        ("大津波警報", ("大津波警報",)),
        ("早期注意情報", ("早期注意情報",)),
        ("震度４", ("震度４",)),
    ],
)
def test_a_line_may_break_between_words_and_never_inside_one(event: str, parts: tuple[str, ...]) -> None:
    assert shown(item(event=event, level=None)).parts == parts


@pytest.mark.parametrize(("level", "parts"), [(3, ("高齢者等", "避難")), (4, ("避難指示",)), (5, ("緊急", "安全確保"))])
def test_an_order_breaks_before_what_is_ordered(level: int, parts: tuple[str, ...]) -> None:
    assert shown(order_item(level=level)).parts == parts


@pytest.mark.parametrize(
    ("event", "about"), [("強風注意報", "強風"), ("暴風警報", "暴風"), ("暴風に関する何か", "暴風")]
)
def test_the_danger_is_called_as_its_source_calls_it(event: str, about: str) -> None:
    assert shown(item(hazard="wind", event=event, level=None)).about.ja == about


def test_a_flood_names_its_river_without_the_remark_in_brackets() -> None:
    areas = (
        Area(area_desc="某所"),
        Area(area_desc="酒匂川（訓練用コード）", code=RIVER),
        Area(area_desc="x", code=ODAWARA),
    )
    flood = item(hazard="flood:999999000100", event="レベル３氾濫警報（発表）", level=3)
    assert shown(flood, area=areas).about.ja == "酒匂川 氾濫"
    assert told(flood).about.ja == "氾濫"


@pytest.mark.parametrize(("headline", "about"), [("土砂災害", "土砂災害"), ("", "避難情報"), ("長" * 17, "避難情報")])
def test_an_order_says_why_where_there_is_room(headline: str, about: str) -> None:
    assert shown(order_item(), headline=headline).about.ja == about
    assert shown(item(), headline="警戒してください").about.ja == "土砂災害"


# --- what happened ---


@pytest.mark.parametrize(
    ("one", "kind", "action", "verb"),
    [
        (item(), Kind.NEW, LEVELS[4].equivalent_action, "issued"),
        (item(Change.RISE), Kind.RAISED, LEVELS[4].equivalent_action, "issued"),
        (item(Change.LOWERED), Kind.LOWERED, LEVELS[4].equivalent_action, "issued"),
        (item(Change.RISE, level=None), Kind.SWITCHED, HAZARDS["landslide"].action, "issued"),
        (item(Change.END), Kind.RELEASED, words.AFTER_DANGER, "released"),
        (item(Change.END, rank=2), Kind.RELEASED, TAKE_CARE, "released"),
        (item(Change.END, hazard="shelter:i2", event="避難所開設", level=None), Kind.OVER, TAKE_CARE, "over"),
        (item(Change.CANCEL), Kind.WITHDRAWN, words.MISTAKEN, "withdrawn"),
        (order_item(Change.END), Kind.RELEASED, words.AFTER_ORDER, "released"),
    ],
)
def test_what_happened_picks_the_sentence_the_verb_and_what_to_do(
    one: Item, kind: Kind, action: object, verb: str
) -> None:
    said = told(one)
    assert (said.kind, said.action, said.verb) == (kind, action, words.VERBS[verb])


def test_an_ended_order_is_not_repeated_as_an_order_in_easy_japanese() -> None:
    assert told(order_item(Change.END)).name.easy == HAZARDS["evacuation"].name.easy


def test_the_offices_own_words_are_kept_apart_and_end_with_the_order() -> None:
    own = ("本町へ", "ほんちょうへ", "Go to Honcho")
    kept = [told(order_item(change, instruction=own)).instruction for change in (Change.NEW, Change.END)]
    assert [(text.ja, text.easy, text.en) for text in kept] == [own, ("", "", "")]


# --- who says it ---


@pytest.mark.parametrize(
    ("sender_name", "stream", "origin", "language", "who"),
    [
        ("横浜地方気象台", "jma:VPWW56:140000", Origin.OFFICIAL, Language.JA, "横浜地方気象台"),
        ("", "jma:VPWW56:140000", Origin.OFFICIAL, Language.JA, "気象庁"),
        ("横浜地方気象台", "jma:VPWW56:140000", Origin.OFFICIAL, Language.EASY, "きしょうちょう"),
        ("横浜地方気象台", "jma:VPWW56:140000", Origin.OFFICIAL, Language.EN, "Japan Meteorological Agency"),
        ("小田原市", "office:i1", Origin.OFFICE, Language.EN, "Odawara City"),
        ("小田原市", "office:i1", Origin.OFFICE, Language.EASY, "おだわらし"),
        ("小田原市防災課", "office:i1", Origin.OFFICE, Language.EASY, "まちの やくしょ"),
        ("京浜河川事務所", "river:s1", Origin.GAUGE, Language.EASY, "かわの みずを はかる ところ"),
        ("神奈川県", "cap:1", Origin.OFFICIAL, Language.EASY, "くにや けんの やくしょ"),
        ("神奈川県", "cap:1", Origin.OFFICIAL, Language.EN, "神奈川県"),
        ("", "cap:1", Origin.OFFICIAL, Language.EN, "Japan Meteorological Agency"),
    ],
)
def test_the_source_is_named_so_that_it_is_understood(
    sender_name: str, stream: str, origin: Origin, language: Language, who: str
) -> None:
    assert chosen(source_of(sender_name, stream, origin, NAMES), language) == who


def test_where_there_is_little_room_the_weather_service_has_its_short_name() -> None:
    assert (shown(item()).source_short, shown(item()).source.ja) == (words.JMA_SHORT, "横浜地方気象台")
    assert shown(order_item()).source_short == NAMES[ODAWARA]


# --- as it is sent ---


def test_as_it_is_sent_every_word_stands_in_every_language() -> None:
    sent = wire(shown(order_item()))
    texts = [value for value in sent.values() if isinstance(value, dict)]
    assert len(texts) == 7
    assert all(set(text) == {"ja", "easy", "en"} and all(text.values()) for text in texts)
    assert (sent["sent"], sent["parts"], sent["drill"], sent["hazard"]) == (
        "2026-09-01T13:40:00.000Z",
        ["避難指示"],
        False,
        "evacuation",
    )


def test_a_drills_message_says_so() -> None:
    alert = alert_of(notice(item(), drill=True))
    assert [said["drill"] for said in wire_of(alert, NAMES) if said] == [True]


def test_of_what_is_over_nothing_is_sent() -> None:
    alert = alert_of(notice(item(), item(hazard="wind", event="暴風警報", level=None)))
    over = replace(alert.info[1], state=InfoState.RELEASED)
    assert [said is None for said in wire_of(replace(alert, info=(alert.info[0], over)), NAMES)] == [False, True]


def test_names_are_the_tables_and_those_of_the_citys_demo() -> None:
    entries = {code: AreaEntry(area=code, name=name) for code, name in NAMES.items()}
    table = AreaTable(version="invented", entries=entries, aliases={}, parts={}, wards=())
    river = Text(ja="酒匂川", easy="さかわがわ", en="Sakawa River")
    city = City(
        id="odawara",
        name=NAMES[ODAWARA],
        prefecture=Text(ja="県", easy="けん", en="Prefecture"),
        class20=(ODAWARA,),
        jis5="14206",
        lgcode6="142069",
        offices=(),
        own=frozenset({ODAWARA}),
        watch=frozenset({ODAWARA}),
        demo=(AreaEntry(area=RIVER, name=river),),
    )
    assert names_of(table, city) == {**NAMES, RIVER: river}
