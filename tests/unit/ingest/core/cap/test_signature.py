from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import XMLVerifier

from services.ingest.core.cap.message import Signature
from services.ingest.core.cap.signature import check
from tests.unit.ingest.core.cap.messages import alert, info

SENT = datetime(2026, 9, 1, 11, tzinfo=UTC)


def _made() -> tuple[ec.EllipticCurvePrivateKey, str]:
    """A key and a certificate of it, valid for a year around the message."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "invented")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(SENT - timedelta(days=180))
        .not_valid_after(SENT + timedelta(days=180))
        .sign(key, hashes.SHA256())
    )
    return key, made.public_bytes(Encoding.PEM).decode()


KEY, CERTIFICATE = _made()


def _signed(document: bytes = alert(info())) -> bytes:
    signer = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256)
    root = signer.sign(etree.fromstring(document), key=KEY, cert=CERTIFICATE)
    whole: bytes = etree.tostring(root)
    return whole


def test_one_that_holds_is_checked() -> None:
    assert check(_signed(), SENT) is Signature.CHECKED


def test_one_that_was_signed_twice_is_checked() -> None:
    assert check(_signed(_signed()), SENT) is Signature.CHECKED


def test_one_may_stand_anywhere() -> None:
    root = etree.fromstring(_signed(_signed()))
    root.text = " "
    moved = etree.fromstring(_signed(etree.tostring(root)))
    moved.insert(0, moved[-1])
    assert check(etree.tostring(moved), SENT) is Signature.CHECKED


def test_one_that_was_changed_is_wrong() -> None:
    assert check(_signed().replace("避難指示".encode(), b"x").replace(b"Severe", b"Minor"), SENT) is Signature.WRONG


@pytest.mark.parametrize("sent", [None, SENT + timedelta(days=200), SENT - timedelta(days=200)])
def test_one_whose_certificate_was_not_valid_then_is_unchecked(sent: datetime | None) -> None:
    assert check(_signed(), sent) is Signature.UNCHECKED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"X509Certificate>", b"Other>"),
        (b"<ds:X509Certificate>", b"<ds:X509Certificate>A"),
        (b"ecdsa-sha256", b"ecdsa-sha7"),
    ],
)
def test_one_of_a_kind_that_cannot_be_checked_is_unchecked(old: bytes, new: bytes) -> None:
    assert check(_signed().replace(old, new), SENT) is Signature.UNCHECKED


def test_a_fault_of_the_library_is_not_the_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(*_given: object, **_named: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(XMLVerifier, "verify", stumbles)
    assert check(_signed(), SENT) is Signature.UNCHECKED


def test_none_is_none_and_what_cannot_be_read_is_unchecked() -> None:
    assert check(alert(info()), SENT) is None
    assert check(b"<alert>", SENT) is Signature.UNCHECKED
