"""Key → partition is Kafka's. The vectors are those of Kafka's own `UtilsTest.testMurmur2`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eventlog.partition import murmur2, partition_of

KAFKAS_VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


@pytest.mark.parametrize(("key", "hashed"), KAFKAS_VECTORS.items())
def test_the_hash_is_kafkas(key: bytes, hashed: int) -> None:
    assert _signed(murmur2(key)) == hashed


@pytest.mark.parametrize(("key", "hashed"), KAFKAS_VECTORS.items())
def test_the_partition_is_kafkas(key: bytes, hashed: int) -> None:
    # Java: Utils.toPositive(hash) % partitions, where toPositive clears the sign
    assert partition_of(key.decode(), 16) == (hashed & 0x7FFFFFFF) % 16


@given(st.text(), st.integers(1, 64))
def test_every_key_has_one_partition_of_the_topic(key: str, partitions: int) -> None:
    partition = partition_of(key, partitions)
    assert 0 <= partition < partitions
    assert partition == partition_of(key, partitions)
