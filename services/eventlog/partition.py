"""Which partition a key belongs to: Kafka's own choice, so that a move to Kafka keeps key → partition.

Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2` and the default partitioner's
`toPositive(murmur2(keyBytes)) % numPartitions`.
"""

from __future__ import annotations

from functools import lru_cache

_SEED = 0x9747B28C
_M = 0x5BD1E995
_R = 24
_U32 = 0xFFFFFFFF
_POSITIVE = 0x7FFFFFFF
_REMEMBERED_KEYS = 20_000
"""Keys whose partition is remembered (about 3 MB); the least recently used ones are worked out again."""


def murmur2(key: bytes) -> int:
    """32-bit MurmurHash2 with Kafka's seed, as an unsigned number (Java prints the same bits signed)."""
    length = len(key)
    h = (_SEED ^ length) & _U32
    whole = length & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little")
        k = (k * _M) & _U32
        k = ((k ^ (k >> _R)) * _M) & _U32
        h = ((h * _M) & _U32) ^ k
    if rest := key[whole:]:
        h = ((h ^ int.from_bytes(rest, "little")) * _M) & _U32
    h = ((h ^ (h >> 13)) * _M) & _U32
    return h ^ (h >> 15)


@lru_cache(maxsize=_REMEMBERED_KEYS)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key in a topic of `partitions` partitions, 0 … partitions - 1."""
    return (murmur2(key.encode()) & _POSITIVE) % partitions
