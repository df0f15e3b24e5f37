"""The digest that proves a client complete: the same lines, the same sum, at every gateway and on every sign."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from schemas.lifecycle import Stream

EPOCH_KEY = "epoch"
CANARY_STREAM = "canary"
"""The key of our own test in `situation`: folded apart, in no snapshot, digest, page or API."""


def digest(streams: Iterable[Stream]) -> str:
    """CRC-32 (8 hex digits) of the sorted lines "stream revision state", newline after each, canary left out.

    No clock in it: what expired or lapsed is judged by each surface and changes no digest.
    """
    return digest_of(sorted(line(stream) for stream in streams if stream.stream != CANARY_STREAM))


def line(stream: Stream) -> str:
    """A stream's line in the digest."""
    return f"{stream.stream} {stream.revision} {stream.state}\n"


def digest_of(lines: Iterable[str]) -> str:
    """The digest of lines that are sorted already."""
    return f"{crc32(''.join(lines).encode()):08x}"
