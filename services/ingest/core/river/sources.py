"""The river sources, one row each: how they are called, on which terms, how often they are asked, what holds by them.

Source of the terms: the sources' own pages as quoted in the project's notes on river feeds, §1.0, §1.1, §3.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RiverSource:
    """One source.

    `name` is how an alert names whoever measured; `credit` must stand where its data are shown. `warns` False: its data
    may be kept and drawn, but make no alerts. `lists_only`: it names only gauges above their first threshold. `asked`:
    it is polled only when a setting names it, for its terms ask for restraint; what they ask is shown.
    """

    id: str
    name: str
    base: str
    terms: str
    credit: str
    interval_s: float
    age_limit_s: float
    lease_s: float
    bytes_max: int = 2_000_000
    warns: bool = True
    lists_only: bool = False
    asked: bool = False


_ROWS = (
    RiverSource(
        id="kriver",
        name="危機管理型水位計",
        base="https://k.river.go.jp",
        terms="利用条件の記載なし（出典を表示）",
        credit="出典：危機管理型水位計運用協議会・河川情報センター",
        interval_s=600.0,
        age_limit_s=HOUR_S,
        lease_s=2 * HOUR_S,
        lists_only=True,
    ),
    RiverSource(
        id="kawabou",
        name="川の防災情報",
        base="https://www.river.go.jp",
        terms="政府標準利用規約2.0。ツール等による定期的なデータ収集は控えるよう求められている。過度なアクセスは遮断される。"
        "本番は水防災オープンデータ提供サービス（有償）を使う",
        credit="出典：国土交通省 川の防災情報ホームページ（https://www.river.go.jp/）",
        interval_s=900.0,
        age_limit_s=HOUR_S,
        lease_s=2 * HOUR_S,
        asked=True,
    ),
    RiverSource(
        id="suimon",
        name="水文水質データベース",
        base="http://www1.river.go.jp",
        terms="政府標準利用規約2.0。閲覧日時を付けて出典を表示。暫定値は防災の目的に使えない",
        credit="出典：国土交通省 水文水質データベース（http://www1.river.go.jp/）",
        interval_s=HOUR_S,
        age_limit_s=6 * HOUR_S,
        lease_s=12 * HOUR_S,
        warns=False,
    ),
    RiverSource(
        id="kanagawa",
        name="神奈川県雨量水位情報",
        base="https://www.pref.kanagawa.jp",
        terms="利用条件の記載なし（出典を表示）",
        credit="出典：神奈川県雨量水位情報",
        interval_s=600.0,
        age_limit_s=HOUR_S,
        lease_s=2 * HOUR_S,
    ),
    RiverSource(
        id="ea",
        name="Environment Agency",
        base="https://environment.data.gov.uk",
        terms="Open Government Licence 3.0, no key",
        credit="Uses Environment Agency flood and river level data from the real-time data API (Beta)",
        interval_s=900.0,
        age_limit_s=6 * HOUR_S,
        lease_s=12 * HOUR_S,
    ),
    RiverSource(
        id="usgs",
        name="USGS",
        base="https://waterservices.usgs.gov",
        terms="public domain; provisional data are subject to revision; the service is being replaced (usgs-ogc)",
        credit="U.S. Geological Survey",
        interval_s=900.0,
        age_limit_s=3 * HOUR_S,
        lease_s=6 * HOUR_S,
    ),
    RiverSource(
        id="usgs-ogc",
        name="USGS",
        base="https://api.waterdata.usgs.gov",
        terms="public domain; provisional data are subject to revision; few requests an hour without a key",
        credit="U.S. Geological Survey",
        interval_s=900.0,
        age_limit_s=3 * HOUR_S,
        lease_s=6 * HOUR_S,
    ),
    RiverSource(
        id="pegelonline",
        name="PEGELONLINE (WSV)",
        base="https://www.pegelonline.wsv.de",
        terms="dl-de/zero-2-0; raw values, unchecked",
        credit="Wasserstraßen- und Schifffahrtsverwaltung des Bundes",
        interval_s=900.0,
        age_limit_s=3 * HOUR_S,
        lease_s=6 * HOUR_S,
    ),
    RiverSource(
        id="hubeau",
        name="Hub'Eau",
        base="https://hubeau.eaufrance.fr",
        terms="Licence Ouverte 2.0, no key",
        credit="Hub'Eau (eaufrance), PHyC/SCHAPI",
        interval_s=900.0,
        age_limit_s=6 * HOUR_S,
        lease_s=12 * HOUR_S,
    ),
    RiverSource(
        id="drop",
        name="河川情報（契約）",
        base="",
        terms="契約による（水防災オープンデータ提供サービスなど）。生データの再配布は禁止",
        credit="出典：契約による",
        interval_s=30.0,
        age_limit_s=HOUR_S,
        lease_s=2 * HOUR_S,
    ),
)

SOURCES = MappingProxyType({row.id: row for row in _ROWS})
"""By id; `usgs-ogc` writes readings of source `usgs`, all others of their own name."""
READER_OF = MappingProxyType({"usgs-ogc": "usgs"})
"""The reader of a source whose answers another one's reader reads."""


def reader_of(source: str) -> str:
    """The name under which a source's readings stand."""
    return READER_OF.get(source, source)
