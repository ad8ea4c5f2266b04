"""Our signature, checked on the mail as it arrived, by the library that receivers use."""

from collections.abc import Callable
from io import StringIO

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.mail import send_mail
from django.core.management import CommandError, call_command
from pytest_django import Settings

from nurture import checks, sending
from nurture.domain import dkim_keys
from nurture.domain.provider import Provider
from nurture.domain.states import TRANSACTIONAL
from nurture.mail import compose
from nurture.models import Message
from nurture.routing import Route
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, crowd

pytestmark = pytest.mark.django_db

DOMAIN, SELECTOR = "larkfield.example", "rehabit"


def pem(kind: str) -> str:
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65_537, int(kind))
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(params=["2048", "ed25519"])
def signer(request: pytest.FixtureRequest, settings: Settings) -> dkim_keys.Signer:
    made = dkim_keys.signer(domain=DOMAIN, selector=SELECTOR, key=pem(request.param))
    settings.MAIL_SIGNER = made
    return made


@pytest.fixture
def dns(signer: dkim_keys.Signer) -> Callable[..., bytes | None]:
    """Answers with what our own command says is to be published."""
    said = StringIO()
    call_command("dkim_record", stdout=said)
    lines = dict(line.split(maxsplit=1) for line in said.getvalue().splitlines()[:3])

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        return lines["value:"].encode() if name.decode() == f"{lines['name:']}." else None

    return answer


def arrived(relay: smtp.Relay) -> bytes:
    crowd(1, published_sequence(steps=2, wait_days=7))
    sending.send_claimed(PROGRAMME)
    [mail] = relay.mails
    return mail.content


def test_a_mail_that_arrived_is_signed_by_us(
    relay: smtp.Relay, dns: Callable[..., bytes | None]
) -> None:
    content = arrived(relay)

    assert dkim.verify(content, dnsfunc=dns)
    assert content.startswith(b"DKIM-Signature: v=1; a=")


def test_so_is_the_question_whether_somebody_signed_up(
    relay: smtp.Relay, dns: Callable[..., bytes | None]
) -> None:
    asks(BEN, published_sequence(steps=1))

    sending.send_claimed(TRANSACTIONAL)

    assert dkim.verify(relay.mails[0].content, dnsfunc=dns)
    assert b" : auto-submitted" in unfolded(relay.mails[0].content)


def test_so_is_a_mail_that_django_sends(
    relay: smtp.Relay, dns: Callable[..., bytes | None], settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "nurture.mail.backend.EmailBackend"

    send_mail("Für dich", "A line\n.\nand another", None, ["vera@larkfield.example"])

    assert dkim.verify(relay.mails[0].content, dnsfunc=dns)


def unfolded(content: bytes) -> bytes:
    return content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"  ", b" ")


def test_an_address_beyond_ascii_can_be_signed_too(
    relay: smtp.Relay, dns: Callable[..., bytes | None]
) -> None:
    relay.extensions += ["SMTPUTF8"]
    crowd(1, published_sequence(steps=2, wait_days=7))
    Message.objects.update(address="jürgen@example.org")

    sending.send_claimed(PROGRAMME)

    assert dkim.verify(relay.mails[0].content, dnsfunc=dns)


@pytest.mark.parametrize(
    ("what", "by"),
    [
        (b"Content-Type: text/plain", b"Content-Type: text/x-plain"),
        (b"\r\nSubject: ", b"\r\nSubject: Urgent: "),
        (b"\r\nFrom: ", b"\r\nFrom: Eve <eve@example.org>\r\nFrom: "),
        (b"\r\nList-Unsubscribe: <http", b"\r\nList-Unsubscribe: <hxxp"),
        (b"\r\nList-Unsubscribe-Post: ", b"\r\nList-Unsubscribe-Post: not "),
        (b"\r\nMessage-ID: <", b"\r\nMessage-ID: <0"),
    ],
)
def test_what_somebody_changed_on_the_way_shows(
    relay: smtp.Relay, dns: Callable[..., bytes | None], what: bytes, by: bytes
) -> None:
    content = arrived(relay)
    assert what in content

    assert not dkim.verify(content.replace(what, by, 1), dnsfunc=dns)


def test_every_header_that_a_reader_goes_by_is_covered(
    relay: smtp.Relay, dns: Callable[..., bytes | None]
) -> None:
    head = unfolded(arrived(relay))

    [signature] = [line for line in head.split(b"\r\n") if line.startswith(b"DKIM-Signature")]
    covered = signature.partition(b" h=")[2].partition(b";")[0].replace(b" ", b"").split(b":")
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")}
    assert sorted(covered) == sorted([*(names - {b"dkim-signature"}), b"from"])


def test_a_service_is_given_the_mail_unsigned_since_it_signs_by_itself(
    signer: dkim_keys.Signer, relay: smtp.Relay
) -> None:
    service = Provider(name="post", url="anymail://postmark", options={"KEY": "k"})
    crowd(1, published_sequence(steps=1))
    message = Message.objects.get()
    unsigned = compose.envelope(message)

    assert Route(service).marked(unsigned, message) is unsigned


def test_without_a_key_nothing_is_signed(relay: smtp.Relay) -> None:
    assert b"DKIM-Signature" not in arrived(relay)


# ------------------------------------------------------------------ keys


@pytest.mark.parametrize(
    "key", ["", "no key", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(dkim_keys.BadKey, match=r"^is no private key"):
        dkim_keys.signer(domain=DOMAIN, selector=SELECTOR, key=key)


def test_a_key_that_receivers_do_not_count_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dkim_keys, "LEAST_BITS", 2_048)

    with pytest.raises(dkim_keys.BadKey, match="has 1024 bits"):
        dkim_keys.signer(domain=DOMAIN, selector=SELECTOR, key=pem("1024"))


def test_a_weak_key_and_a_domain_of_others_get_a_hint(settings: Settings) -> None:
    settings.MAIL_DOMAIN = "care.larkfield.example"
    key = pem("1024")
    settings.MAIL_SIGNER = dkim_keys.signer(domain=DOMAIN, selector=SELECTOR, key=key)
    weak = checks.mail_is_signed_well()
    settings.MAIL_SIGNER = dkim_keys.signer(domain="else.example", selector=SELECTOR, key=key)
    both = checks.mail_is_signed_well()

    assert [hint.id for hint in weak] == ["nurture.W001"]
    assert [hint.id for hint in both] == ["nurture.W001", "nurture.W002"]
    assert "care.larkfield.example" in both[1].msg


def test_a_good_key_gets_none(signer: dkim_keys.Signer, settings: Settings) -> None:
    settings.MAIL_DOMAIN = DOMAIN

    assert checks.mail_is_signed_well() == []


def test_the_record_fits_a_zone_file(signer: dkim_keys.Signer) -> None:
    assert "".join(signer.record_strings) == signer.record
    assert max(len(string) for string in signer.record_strings) <= 255


def test_without_a_key_there_is_no_record_to_publish() -> None:
    with pytest.raises(CommandError, match="not signed"):
        call_command("dkim_record")
