"""The XML signature of a CAP message: whether it holds for the key that it names itself.

Whose key that is, nobody here vouches for: no agency tells us which are its own. SHA-1 is as agencies use it. Of
several signatures (the agency's and its distributor's) one that holds is enough, for each is over the whole message.

Sources: OASIS CAP-v1.2 §3.3.4 (enveloped XMLDSig); W3C XML Signature 1.1.
"""

from __future__ import annotations

import copy
from base64 import b64decode
from datetime import datetime, timedelta

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidCertificate, InvalidInput, InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

from services.ingest.core.cap.message import Signature

_TAG = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_CERTIFICATE = ".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
SIGNATURES_MAX = 4
"""Signatures looked at; two have been seen."""
_BEST_FIRST = (Signature.CHECKED, Signature.WRONG, Signature.UNCHECKED)


def check(body: bytes, sent: datetime | None) -> Signature | None:
    """What the signatures of a message are worth, None where there is none. The bytes were read by core/xml.py before."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return Signature.UNCHECKED
    count = sum(child.tag == _TAG for child in root)
    if not count:
        return None
    return _best([_one(root, number, sent) for number in range(min(count, SIGNATURES_MAX))])


def _best(found: list[Signature]) -> Signature:
    return next(one for one in _BEST_FIRST if one in found)


def _one(root: etree._Element, number: int, sent: datetime | None) -> Signature:
    """One signature, over the message as it may have been signed: without the others, with those before it, with all."""
    signature = [child for child in root if child.tag == _TAG][number]
    written = signature.findtext(_CERTIFICATE)
    if written is None or sent is None:
        return Signature.UNCHECKED
    try:
        certificate = x509.load_der_x509_certificate(b64decode(written))
        was_valid = certificate.not_valid_before_utc <= sent <= certificate.not_valid_after_utc
        at = certificate.not_valid_before_utc + timedelta(seconds=1)
    except ValueError:
        return Signature.UNCHECKED
    found = _best([_verified(_with(root, number, keep), written, at) for keep in (0, number, SIGNATURES_MAX)])
    return found if was_valid or found is Signature.WRONG else Signature.UNCHECKED


def _with(root: etree._Element, number: int, keep: int) -> etree._Element:
    """The message with this signature before everything, where the verifier finds it, and with the first `keep` others."""
    made = copy.deepcopy(root)
    signatures = [child for child in made if child.tag == _TAG]
    for at, signature in enumerate(signatures):
        if at >= keep or at == number:
            _drop(made, signature)
    mine = signatures[number]
    mine.tail = None
    made.insert(0, mine)
    return made


def _drop(root: etree._Element, child: etree._Element) -> None:
    """Take an element out and leave the text behind it: what was signed has that text."""
    before, tail = child.getprevious(), child.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        root.text = (root.text or "") + tail
    root.remove(child)


def _verified(root: etree._Element, certificate: str, at: datetime) -> Signature:
    expected = SignatureConfiguration(
        location="./",
        signature_methods=frozenset(SignatureMethod),
        digest_algorithms=frozenset(DigestAlgorithm),
        verification_time=at,
    )
    try:
        XMLVerifier().verify(root, x509_cert=certificate, validate_schema=False, expect_config=expected)
    except (InvalidCertificate, InvalidInput):
        return Signature.UNCHECKED
    except InvalidSignature:
        return Signature.WRONG
    except Exception:  # noqa: BLE001 - whatever a foreign signature does to the library, the message is not its fault
        return Signature.UNCHECKED
    return Signature.CHECKED
