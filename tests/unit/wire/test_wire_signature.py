"""Signatures of real clients are accepted, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus, urlencode

import pytest
from cs import CloudStack
from cs.client import transform
from hypothesis import assume, example, given
from hypothesis import strategies as st
from libcloud.common.cloudstack import CloudStackConnection

from stratoform.commands.frame.caller import Caller, Credential, RoleType
from stratoform.errors import ApiError, Fault
from stratoform.wire.params import gather, split
from stratoform.wire.signature import REFUSAL, authenticate, signed_texts

KEY = "plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9EdM-kAYMmAILqzzq1ElZLYq_u38zCm0bewzGUDp66mg"
SECRET = "VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ"


ALICE = Caller(user_id=3, account_id=2, domain_id=1, domain_path="/", role=RoleType.USER)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

NAMES = st.from_regex(r"p[A-Za-z0-9]{0,8}(\[[0-9]\]\.[A-Za-z]{1,4})?", fullmatch=True)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
PARAMS = st.dictionaries(NAMES, TEXTS | st.text("aA ~*[]()!'%+/=&:,é"), max_size=5)


# Signers written independently of ours: those of real clients, or after the published description.


def hmac_sha1(text: str, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def with_cs(params: dict[str, str], **options) -> bytes:
    """Sign with the cs client, which adds signatureVersion and expires."""
    _, query = CloudStack("http://x", key=KEY, secret=SECRET, **options)._prepare_request(**params)
    transform(query)
    CloudStack("http://x", key=KEY, secret=SECRET)._sign(query)
    return urlencode(query).encode()


def with_libcloud(params: dict[str, str]) -> bytes:
    """Sign with apache-libcloud's connection."""
    connection = CloudStackConnection(KEY, SECRET, host="x")
    query, _ = connection.pre_connect_hook(connection.add_default_params(dict(params)), {})
    return urlencode(query, doseq=True).encode()


def _escaped(value: str, unescaped: bytes) -> str:
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in unescaped else f"%{byte:02X}"
        for byte in value.encode()
    )


def _by_hand(params: dict[str, str], unescaped: bytes) -> bytes:
    query = {**params, "apiKey": KEY, "response": "json"}
    text = "&".join(f"{name}={_escaped(query[name], unescaped)}" for name in sorted(query))
    return f"{text}&signature={quote_plus(hmac_sha1(text.lower()))}".encode()


def with_reference(params: dict[str, str]) -> bytes:
    """Sign as java.net.URLEncoder encodes, with spaces as %20."""
    return _by_hand(params, b"-_.*")


def with_cloudmonkey(params: dict[str, str]) -> bytes:
    """Sign as CloudMonkey does: Go's url.QueryEscape, + as %20, asterisks left alone."""
    return _by_hand(params, b"-_.~*")


def with_go(params: dict[str, str]) -> bytes:
    """Sign as the Go SDK (Terraform, Packer, Cluster API) and CloudMonkey 6.0 do: plain url.QueryEscape."""
    return _by_hand(params, b"-_.~")


def with_sample_code(params: dict[str, str]) -> bytes:
    """Sign as the developer's guide's sample does on Python 2: everything but letters, digits and -_. encoded."""
    return _by_hand(params, b"-_.")


SIGNERS = (
    with_cs, with_libcloud, with_reference, with_cloudmonkey, with_go, with_sample_code,
)  # fmt: skip


class Directory:
    """Knows one user."""

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret

    def by_api_key(self, key: str) -> Credential | None:
        return Credential(self.secret, ALICE) if key == KEY else None


def caller_of(query: bytes, now: datetime | None = None, directory: Directory | None = None) -> Caller:
    pairs = split(query)
    gather(pairs)
    return authenticate(pairs, directory or Directory(), now or datetime.now(UTC))


def assert_refused(query: bytes, **given) -> None:
    with pytest.raises(ApiError) as caught:
        caller_of(query, **given)
    assert (caught.value.fault, caught.value.message) == (Fault.UNAUTHENTICATED, REFUSAL)


def signed(**params: str) -> bytes:
    return with_reference({"command": "listZones", **params})


def distinct(params: dict[str, str]) -> bool:
    """Tell whether no parameter is there twice, nor as a value and as a map, in the server's eyes."""
    try:
        gather(list(params.items()))
    except ApiError:
        return False
    return len({name.lower() for name in params}) == len(params)


def test_the_golden_vector():
    query = f"command=listUsers&response=json&apiKey={KEY}&signature=TTpdDq%2F7j%2FJ58XCRHomKoQXEQds%3D"
    assert caller_of(query.encode()) == ALICE


@pytest.mark.parametrize("signer", SIGNERS)
@given(PARAMS)
@example({"pA": "a b+c*~[d](e)!'/:=&%é€😀"})
@example({"pOther": "1", "pa": "2", "pB": "3"})  # sorted differently with and without regard to case
def test_what_a_client_signs_verifies(signer, params):
    assume(distinct(params))
    assert caller_of(signer({"command": "listZones", **params})) == ALICE


@given(PARAMS, st.integers(0, 2000), st.integers(0, 255))
def test_a_change_of_one_byte_does_not_verify(params, place, byte):
    assume(distinct(params))
    query = with_cs({"command": "listZones", **params})
    place %= len(query)
    changed = query[:place] + bytes([byte]) + query[place + 1 :]
    # The protocol signs in lower case, so a change of case alone is no change.
    assume(sorted(map(meaning, split(changed))) != sorted(map(meaning, split(query))))
    with pytest.raises(ApiError):
        caller_of(changed)


def meaning(pair: tuple[str, str]) -> tuple[str, bytes]:
    name, value = pair
    raw = value.encode("utf-8", "surrogateescape")
    return name.lower(), raw if name.lower() == "signature" else raw.lower()


@given(PARAMS)
def test_no_two_readings_share_a_signed_text(params):
    """Every candidate decodes to the very parameters it stands for (but for case)."""
    assume(distinct(params))
    expected = sorted(map(meaning, params.items()))
    for text in signed_texts(list(params.items())):
        raw = split(text.replace("+", "%2b").encode())
        assert sorted(map(meaning, raw)) == expected


def test_the_signature_itself_keeps_its_case():
    query, _, signature = signed().decode().partition("&signature=")
    assert_refused(f"{query}&signature={signature.swapcase()}".encode())


@pytest.mark.parametrize("spelling", ["apiKey", "apikey", "APIKEY"])
def test_the_protocols_names_are_read_in_any_case(spelling):
    query = {"Command": "listZones", spelling: KEY}
    text = urlencode(sorted(query.items())).lower()
    assert caller_of(urlencode({**query, "Signature": hmac_sha1(text)}).encode()) == ALICE


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"command=listZones",
        signed().partition(b"&signature=")[0],
        signed().partition(b"&signature=")[0] + b"&signature=",
        b"command=listZones&signature=abc",
        signed() + b"x",
        signed() + b"&more=1",
        signed().replace(b"signature=", b"signature=%C3%A9"),
        signed().replace(KEY.encode(), KEY[:-1].encode() + b"x"),
    ],
)
def test_every_refusal_reads_the_same(query):
    assert_refused(query)


def test_a_user_without_a_secret_cannot_be_impersonated():
    text = f"apikey={KEY}&command=listzones".lower()
    query = f"command=listZones&apiKey={KEY}&signature={quote_plus(hmac_sha1(text, ''))}"
    assert_refused(query.encode(), directory=Directory(secret=""))


@pytest.mark.parametrize(
    "expires",
    ["2026-01-02T03:04:06Z", "2026-01-02T03:04:05Z", "2026-01-02T08:34:06+0530", "2026-01-01T20:04:06-07:00",
     "2026-01-02T08:34:06 0530", "2026-01-02T03:04:06+0000"],
)  # fmt: skip
def test_version_3_lasts_until_it_expires(expires):
    query = signed(signatureVersion="3", expires=expires)
    assert caller_of(query, now=NOW) == ALICE
    assert_refused(query, now=NOW + timedelta(seconds=2))


@pytest.mark.parametrize(
    "expires",
    ["2026-01-02T03:04:04Z", "", "tomorrow", "2026-01-02", "2026-01-02T03:04:06", "2026-13-02T03:04:06Z",
     "9999-12-31T23:59:59-2359", "2026-01-02T03:04:06+9900", "2026-01-02T03:04:06Z\n", "\u0662026-01-02T03:04:06Z"],
)  # fmt: skip
def test_version_3_needs_a_time_that_is_readable_and_not_past(expires):
    assert_refused(signed(signatureVersion="3", expires=expires), now=NOW)


def test_version_3_without_expires_is_refused():
    assert_refused(signed(signatureVersion="3"))


@pytest.mark.parametrize("version", [{}, {"signatureVersion": "2"}, {"signatureVersion": ""}])
def test_other_versions_ignore_expires(version):
    assert caller_of(signed(expires="2001-01-01T00:00:00Z", **version), now=NOW) == ALICE


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=3650)))
def test_a_replay_after_expiry_is_refused(later):
    query = with_cs({"command": "listZones"}, expiration=600)
    assert caller_of(query) == ALICE
    assert_refused(query, now=datetime.now(UTC) + timedelta(seconds=600) + later)
