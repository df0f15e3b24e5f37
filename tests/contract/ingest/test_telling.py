"""What people are told by telegrams of each kind, from the bytes to the words: the end of what has one, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.alert import Alert
from services.dispatcher.core.places import covers
from services.ingest.core.telegram import read_telegram
from services.runtime.cities import deploy_dir, load_city, load_table
from tests.factories import a_device
from tests.telegrams import coast, nankai, telegram, warnings
from tests.unit.dispatcher.core.telling import Shard, Words

AREAS = load_table(deploy_dir())
CITY = load_city(deploy_dir(), "odawara", AREAS)
ODAWARA = ("1420600", "小田原市")
TSUNAMI = "津波警報・注意報・予報a"


@dataclass
class Night:
    """One resident of Odawara, and telegrams that come in."""

    shard: Shard = field(default_factory=lambda: Shard(covers=covers(CITY, (), AREAS)))
    alerts: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shard.follow(a_device("anna", min_rank=1))

    def comes(self, body: bytes, name: str = "") -> list[Words] | None:
        """What the resident is told of a telegram; None of one that goes no further."""
        reading = read_telegram(body, name=name, source="jma.eqvol", url="", areas=AREAS, surfaces=())
        assert reading.alert is not None, reading.defects
        if reading.topic is None:
            return None
        self.alerts.append(reading.alert)
        return self.shard.says(reading.alert).get("anna", [])

    def passes(self, now: datetime) -> list[Words]:
        """What the resident is told when time alone has passed."""
        return self.shard.decides(self.alerts[-1].streams[0], now).get("anna", [])


def tsunami(minute: int, code: str, name: str, last: str = "00") -> bytes:
    reported = f"2026-09-01T20:{minute:02}:00+09:00"
    return telegram(
        title=TSUNAMI, event_id="20260901202718", reported=reported, body=coast(("330", code, name), last=last)
    )


def test_a_tsunami_forecast_is_the_end_of_a_tsunami_warning() -> None:
    night = Night()
    assert night.comes(tsunami(30, "62", "津波注意報")) == [("new", "tsunami", "330の海岸", 3)]
    assert night.comes(tsunami(33, "51", "津波警報", "62")) == [("rise", "tsunami", "330の海岸", 4)]
    assert night.comes(tsunami(40, "51", "津波警報", "51")) == []
    assert night.comes(tsunami(55, "71", "津波予報（若干の海面変動）", "51")) == [("end", "tsunami", "330の海岸", 4)]


def test_heights_and_arrivals_neither_prolong_a_tsunami_warning_nor_end_it() -> None:
    night = Night()
    night.comes(tsunami(30, "53", "大津波警報：発表"))
    body = coast(("330", "53", "大津波警報：発表"))
    told = night.comes(telegram(title="津波情報a", head="津波情報", event_id="20260901202718", serial="1", body=body))
    assert told == [("new", "tsunami:information", "330の海岸", 1)]
    assert night.comes(tsunami(50, "50", "警報解除", "53")) == [("end", "tsunami", "330の海岸", 5)]


def test_a_warning_by_an_older_type_too_is_told_once() -> None:
    night = Night()
    item = (*ODAWARA, [("03", "レベル３大雨警報", "発表")])
    rain = telegram(body=warnings(item))
    copy = telegram(title="気象警報・注意報（Ｈ２７）", body=warnings(item))
    assert night.comes(copy, "20260901113005_0_VPWW54_140000.xml") is None
    assert night.comes(rain) == [("new", "heavy_rain", "小田原市", 3)]
    assert night.comes(rain) == []


def test_a_warning_s_end_is_told_although_tomorrow_may_bring_another() -> None:
    night = Night()
    early = """<MeteorologicalInfos><TimeSeriesInfo><TimeDefines><TimeDefine timeId="1">
<DateTime>2026-09-02T06:00:00+09:00</DateTime><Duration>PT12H</Duration></TimeDefine></TimeDefines><Item><Kind><Property>
<Type>大雨の警報級の可能性</Type><PossibilityRankOfWarningPart><PossibilityRankOfWarning refID="1">中</PossibilityRankOfWarning>
</PossibilityRankOfWarningPart></Property></Kind><Area><Name>西部</Name><Code>140020</Code></Area></Item></TimeSeriesInfo>
</MeteorologicalInfos>"""
    assert night.comes(telegram(title="早期注意情報（明後日まで）", body=early)) == [
        ("new", "heavy_rain:information", "西部", 1)
    ]
    assert night.comes(telegram(body=warnings((*ODAWARA, [("03", "大雨", "発表")])))) == [
        ("new", "heavy_rain", "小田原市", 3)
    ]
    over = telegram(body=warnings((*ODAWARA, [("03", "大雨", "解除")])), reported="2026-09-01T22:00:00+09:00")
    assert night.comes(over) == [("end", "heavy_rain", "小田原市", 3)]


def test_a_quake_is_told_by_region_then_not_again_by_town_and_has_no_end() -> None:
    night = Night()
    region = "<Area><Name>神奈川県西部</Name><Code>361</Code><MaxInt>5-</MaxInt>{}</Area>"
    body = f"<Intensity><Observation><Pref>{region}</Pref></Observation></Intensity>"
    town = "<City><Name>小田原市</Name><Code>1420600</Code><MaxInt>4</MaxInt></City>"
    first = telegram(title="震度速報", event_id="20260901202718", body=body.format(""))
    assert night.comes(first) == [("new", "quake", "神奈川県西部", 4)]
    second = telegram(title="震源・震度に関する情報", event_id="20260901202718", serial="1", body=body.format(town))
    assert night.comes(second) == []
    assert night.passes(night.alerts[0].sent + timedelta(hours=4)) == []


def test_a_tornado_is_over_when_it_says() -> None:
    night = Night()
    body = warnings((*ODAWARA, [("1", "竜巻注意情報", "発表")]))
    tornado = telegram(title="竜巻注意情報", body=body, valid="2026-09-01T21:40:00+09:00")
    assert night.comes(tornado) == [("new", "tornado", "小田原市", 3)]
    assert night.passes(night.alerts[0].sent + timedelta(minutes=69)) == []
    assert night.passes(night.alerts[0].sent + timedelta(minutes=70)) == [("end", "tornado", "小田原市", 3)]


def test_what_is_studied_of_the_nankai_trough_rises_and_ends_in_one_stream() -> None:
    night = Night()
    title, region = "南海トラフ地震臨時情報", "南海トラフ地震防災対策推進地域"
    told = [
        night.comes(
            telegram(
                title=title,
                event_id=f"2026090120{minute}00",
                body=nankai(code),
                reported=f"2026-09-01T20:{minute}:00+09:00",
            )
        )
        for minute, code in ((20, "111"), (28, "120"), (36, "190"))
    ]
    assert told == [
        [("new", "nankai", region, 2)],
        [("rise", "nankai", region, 4)],
        [("end", "nankai", region, 4)],
    ]
