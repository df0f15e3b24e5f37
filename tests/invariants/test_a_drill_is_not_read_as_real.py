"""Invariant 5 at the door: only the word 通常 is real; whatever else Status says, no real alert comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Status
from services.ingest.core.telegram import Reading, read_telegram
from tests.invariants import Twin, hold
from tests.telegrams import flood, heavy_rain, table

Read = Callable[[bytes], Reading]
"""The rule: a telegram's bytes → what was read."""

WORDS = st.one_of(
    st.sampled_from(["訓練", "試験", "", "訓練・通常", "通常（訓練）", "非通常", "Actual", "テスト"]),
    st.text(alphabet="通常訓練試験 ", max_size=4).filter(lambda word: word.strip() != "通常"),
)
BODIES: list[Callable[[str], bytes]] = [
    lambda status: heavy_rain(("1420600", "33", "発表"), status=status),
    lambda status: flood("51", "1420600", status=status),
    lambda status: flood("51", "1420600", status=status, info_type="取消"),
]


def read(body: bytes) -> Reading:
    return read_telegram(body, name="", source="jma.extra", url="", areas=table(), surfaces=())


def check_only_the_word_for_real_is_real(read: Read) -> None:
    @given(word=WORDS, body=st.sampled_from(BODIES))
    def check(word: str, body: Callable[[str], bytes]) -> None:
        reading = read(body(word))
        real = reading.alert is not None and reading.alert.status is Status.ACTUAL
        hold(5, not real, f"Status {word!r} gave a real alert")
        hold(5, reading.topic in {None, "drills"}, f"Status {word!r} went to {reading.topic}")

    check()


def check_drill_and_real_share_no_stream(read: Read) -> None:
    for body in BODIES:
        real, drill = read(body("通常")).alert, read(body("訓練")).alert
        hold(5, real is not None and drill is not None, "both are read")
        assert real is not None
        assert drill is not None
        hold(5, not set(real.streams) & set(drill.streams), "a drill has its run in the stream")
        hold(5, real.identifier != drill.identifier, "and in its name")


def test_only_the_word_for_real_is_real() -> None:
    check_only_the_word_for_real_is_real(read)


def test_drill_and_real_share_no_stream() -> None:
    check_drill_and_real_share_no_stream(read)


# --- wrong rules ---


def nobody_looks_at_status(body: bytes) -> Reading:
    return read(_with_status(body, "通常"))


def what_is_no_drill_and_no_trial_is_real(body: bytes) -> Reading:
    known = any(f"<Status>{word}</Status>".encode() in body for word in ("訓練", "試験"))
    return read(body if known else _with_status(body, "通常"))


def a_drill_is_in_the_stream_of_the_real(body: bytes) -> Reading:
    reading = read(body)
    if reading.alert is None:
        return reading
    streams = tuple(stream.partition("~")[0] for stream in reading.alert.streams)
    return replace(reading, alert=replace(reading.alert, streams=streams))


def _with_status(body: bytes, word: str) -> bytes:
    head, _, rest = body.partition(b"</DateTime><Status>")
    return head + f"</DateTime><Status>{word}".encode() + rest[rest.index(b"</Status>") :]


TWINS = [
    Twin(5, check_only_the_word_for_real_is_real, nobody_looks_at_status),
    Twin(5, check_only_the_word_for_real_is_real, what_is_no_drill_and_no_trial_is_real),
    Twin(5, check_drill_and_real_share_no_stream, a_drill_is_in_the_stream_of_the_real),
]
