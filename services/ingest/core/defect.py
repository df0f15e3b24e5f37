"""What can be wrong with what a source sends: a returned value with a stable code, never an exception.

A defect that leaves nothing to go by is returned instead of the result (the message goes to topic `dead`); any other
stands beside the result, and says what was left out.

    E3100        a file that cannot be opened (`hansho telegram`)
    E3101–E3109  the bytes: size, encoding, form, DTD, depth, root
    E3110–E3119  Control and Head: type, status, times, identity
    E3120–E3129  the Body: kinds, areas
    E3130–E3139  feeds
    E3140–E3159  CAP and L-Alert
    E3160–E3167  river readings
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The defects of ingest's parsers."""

    UNREADABLE_FILE = "E3100"
    TOO_LARGE = "E3101"
    WRONG_ENCODING = "E3102"
    NOT_WELL_FORMED = "E3103"
    DTD_FORBIDDEN = "E3104"
    TOO_DEEP = "E3105"
    UNKNOWN_ROOT = "E3106"
    UNKNOWN_TYPE = "E3110"
    TYPE_CONTRADICTED = "E3111"
    UNKNOWN_STATUS = "E3112"
    UNKNOWN_INFO_TYPE = "E3113"
    UNREADABLE_TIME = "E3114"
    NO_STREAM = "E3115"
    UNREADABLE_SERIAL = "E3116"
    TEXT_CUT = "E3117"
    UNKNOWN_OFFICE = "E3118"
    CANARY_NOT_A_TEST = "E3119"
    NOTHING_LISTED = "E3120"
    UNKNOWN_KIND = "E3121"
    UNKNOWN_STATE = "E3122"
    UNKNOWN_AREA = "E3123"
    TOO_MANY_AREAS = "E3124"
    MORE_DEFECTS = "E3125"
    NOT_A_FEED = "E3130"
    BROKEN_ENTRY = "E3131"
    TOO_MANY_ENTRIES = "E3132"
    CAP_IDENTITY = "E3140"
    CAP_STATUS = "E3141"
    CAP_ENUM = "E3142"
    CAP_REFERENCES = "E3143"
    CAP_TIME = "E3144"
    CAP_GEOMETRY = "E3145"
    CAP_NO_AREA = "E3146"
    CAP_UNKNOWN_AREA = "E3147"
    CAP_ELEMENT = "E3148"
    CAP_NAMESPACE = "E3149"
    CAP_ORDER = "E3150"
    SIGNATURE_WRONG = "E3151"
    NO_CAP = "E3152"
    LALERT_DOCUMENT = "E3153"
    UNKNOWN_SORT = "E3154"
    UNKNOWN_FORMAT = "E3160"
    NOT_JSON = "E3161"
    UNREADABLE_VALUE = "E3162"
    UNREADABLE_OBSERVED = "E3163"
    TOO_MANY_READINGS = "E3164"
    SOURCE_REFUSES = "E3165"
    UNKNOWN_UNIT = "E3166"
    CUT_SHORT = "E3167"


HINTS: dict[Code, str] = {
    Code.UNREADABLE_FILE: "name a file that can be read",
    Code.TOO_LARGE: "nothing JMA sends is this large: look at what the address serves",
    Code.WRONG_ENCODING: "telegrams are UTF-8: look at what lies between the source and us",
    Code.NOT_WELL_FORMED: "compare with the same telegram by another route; it may have been cut on its way",
    Code.DTD_FORBIDDEN: "no telegram has a DTD or entities: somebody else may be writing to this address",
    Code.TOO_DEEP: "no telegram is built like this: somebody else may be writing to this address",
    Code.UNKNOWN_ROOT: "the address answers with something else, perhaps an error page",
    Code.UNKNOWN_TYPE: "if JMA has introduced it, give it a row in services/ingest/core/types.py",
    Code.TYPE_CONTRADICTED: "believing either could clear a warning that stands: read the telegram and tell the people in charge",
    Code.UNKNOWN_STATUS: "it may be no real message, so it is treated as none; read it",
    Code.UNKNOWN_INFO_TYPE: "whether it adds or withdraws is unknown; read it",
    Code.UNREADABLE_TIME: "without its time it has no place among the other reports; read it",
    Code.NO_STREAM: "without an event or an office it could never be ended; read it",
    Code.UNREADABLE_SERIAL: "counted as none: the time of the report alone orders it",
    Code.TEXT_CUT: "read the telegram for the whole text",
    Code.UNKNOWN_OFFICE: "renew deploy/areas; by a route that names the office this would be another stream",
    Code.CANARY_NOT_A_TEST: "only 試験 may come by the loopback feed: look at who writes to it",
    Code.NOTHING_LISTED: "taken at its word it would end every warning of its office: read it and tell the people in charge",
    Code.UNKNOWN_KIND: "if JMA has introduced this code, add it to the table in services/ingest/core/bodies",
    Code.UNKNOWN_STATE: "it is taken to be in force; if JMA has introduced this word, add it",
    Code.UNKNOWN_AREA: "renew deploy/areas if the area is real",
    Code.TOO_MANY_AREAS: "no office has that many: read the telegram",
    Code.MORE_DEFECTS: "read the telegram: so much is wrong with it that it may be no telegram",
    Code.NOT_A_FEED: "look at what the address serves",
    Code.BROKEN_ENTRY: "the telegram of this entry is not fetched by this route; the long feed may have it whole",
    Code.UNKNOWN_FORMAT: "none of our river sources writes this: look at what the address serves",
    Code.NOT_JSON: "it may have been cut on its way: fetch it again",
    Code.UNREADABLE_VALUE: "this value is left out; a new sign of the source belongs into its reader",
    Code.UNREADABLE_OBSERVED: "without its time a value cannot be placed; it is left out",
    Code.TOO_MANY_READINGS: "the rest is not read: ask the source for less at a time",
    Code.SOURCE_REFUSES: "the source answers with its own error: look at the address and the station's id",
    Code.UNKNOWN_UNIT: "the value is left out: a unit that is not known is not guessed",
    Code.CUT_SHORT: "the document ends before its end: fetch it again",
    Code.TOO_MANY_ENTRIES: "the rest is not read; the feed is not one of JMA's",
    Code.CAP_IDENTITY: "without identifier, sender and time it can neither be renewed nor ended: tell its sender",
    Code.CAP_STATUS: "it may be no real and no public message, so it goes no further; tell its sender",
    Code.CAP_ENUM: "taken as Unknown; tell its sender",
    Code.CAP_REFERENCES: "what it renews or ends is known only as far as it says so; tell its sender",
    Code.CAP_TIME: "counted as not stated; tell its sender",
    Code.CAP_GEOMETRY: "look at the area on a map; codes of areas are not touched by it; tell its sender",
    Code.CAP_NO_AREA: "an alert for nowhere reaches nobody: read it and act on it by hand",
    Code.CAP_UNKNOWN_AREA: "it is refused whole rather than sent to fewer: read it, and give its codes a place if they are ours",
    Code.CAP_ELEMENT: "the rest of it is used; tell its sender",
    Code.CAP_NAMESPACE: "read as CAP all the same; tell its sender",
    Code.CAP_ORDER: "read all the same; tell its sender",
    Code.SIGNATURE_WRONG: "it was changed after it was signed, or by somebody else: ask its sender by another way",
    Code.NO_CAP: "look at what the address serves",
    Code.LALERT_DOCUMENT: "without documentID and documentRevision it can neither be renewed nor ended: tell its sender",
    Code.UNKNOWN_SORT: "told in its own words; if L-Alert has introduced it, give it a row in core/cap/lalert.py",
}
"""What to do, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One thing that is wrong: its stable code and what exactly was found."""

    code: Code
    reason: str

    @property
    def hint(self) -> str:
        """What to do about it."""
        return HINTS[self.code]

    def __str__(self) -> str:
        """For logs and terminals: code, what happened, what to do."""
        return f"{self.code} {self.reason}: {self.hint}"
