import base64
import struct
import zlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agora_chat_async._access_token import AccessToken, make_token, read_token, verify_token
from agora_chat_async.errors import AgoraChatError, InvalidArgument, TokenError

APP_ID = "970CA35de60c44645bbae8a215061b33"
CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"
OTHER = "0123456789abcdef0123456789abcdef"
VECTORS: dict[str, dict[str, Any]] = {
    "app": {
        "issued_at": 1111111,
        "salt": 1,
        "expire": 600,
        "privilege": 2,
        "privilege_expire": 600,
        "user_id": "",
        "signature": "2d6e85c3436f1811bc2c43173bf34eaa047d5e896abd4ef54c654110c0fade50",
        "signed": "2000393730434133356465363063343436343562626165386132313530363162333347f410005802"
        "0000010000000100050001"
        "000200580200000000",
        "token": "007eJxTYNDNaz3snC8huEfHWdz6s98qltq4zqy9fl99Uh0FDvy6F6DAYGlu4OxobJqSamaQbGJiZmKalJSYapFoZGhqYGaYZGzs"
        "/kWAIYKJgYGRAYRZgZgJzGdgAACt8hhr",
    },
    "user": {
        "issued_at": 1111111,
        "salt": 1,
        "expire": 600,
        "privilege": 1,
        "privilege_expire": 600,
        "user_id": "2882341273",
        "signature": "28523b422bbfe03ceee4d0caef59d686fe2518eb70077dda27cdfcd448ff64ae",
        "signed": "2000393730434133356465363063343436343562626165386132313530363162333347f410005802"
        "0000010000000100050001"
        "000100580200000a0032383832333431323733",
        "token": "007eJxTYNAIsnbS3v/A5t2TC6feR15r+6cq8bqAvfaW+tk/Vzz+p6xTYLA0N3B2NDZNSTUzSDYxMTMxTUpKTLVINDI0NTAzTDI2"
        "dv8iwBDBxMDAyADCrEDMCOZzMRhZWBgZmxgamRsDAB+lHrg=",
    },
    "user, expiries differ": {
        "issued_at": 1700000000,
        "salt": 12345678,
        "expire": 86400,
        "privilege": 1,
        "privilege_expire": 3600,
        "user_id": "alice",
        "signature": "b1f5264291e811f1a1d601a32b40db150959a3c8e21c4bd25b90644354ce5034",
        "signed": "2000393730434133356465363063343436343562626165386132313530363162333300f153658051"
        "01004e61bc000100050001"
        "000100100e00000500616c696365",
        "token": "007eJxTYNj4Vc1p4gvBjwuvMS7Wdrgtyhm5+MQjGe9L0RNSnEPOBZgoMFiaGzg7GpumpJoZJJuYmJmYJiUlplokGhmaGpgZJhkb"
        "M3wMTm0IZGTwS9zDwMjACsSMDAJ8DEBWYk5mcioA6OYdrg==",
    },
}
each_vector = pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)


def packed(data: bytes) -> str:
    return "007" + base64.b64encode(zlib.compress(data)).decode()


def text(value: bytes) -> bytes:
    return struct.pack("<H", len(value)) + value


def unpacked(token: str) -> bytes:
    return zlib.decompress(base64.b64decode(token[3:]))


def check(vector: dict[str, Any], token: AccessToken) -> None:
    assert token.app_id == APP_ID
    assert token.issued_at == vector["issued_at"]
    assert token.expire == vector["expire"]
    assert token.salt == vector["salt"]
    assert token.user_id == vector["user_id"]
    assert token.privileges == {vector["privilege"]: vector["privilege_expire"]}
    assert token.signature.hex() == vector["signature"]
    assert token.signed.hex() == vector["signed"]
    assert token.expires_at == vector["issued_at"] + vector["privilege_expire"]
    assert token.is_signed_with(CERTIFICATE)
    assert not token.is_signed_with(OTHER)


@each_vector
def test_reads_the_vendor_s_tokens(vector: dict[str, Any]) -> None:
    """Each field of a token made by the vendor's own builder is found."""
    check(vector, read_token(vector["token"]))


@each_vector
def test_makes_the_vendor_s_tokens(vector: dict[str, Any]) -> None:
    """A token of ours holds the very bytes that the vendor's builder signs."""
    names = ("issued_at", "salt", "expire", "privilege_expire", "user_id")
    token = make_token(APP_ID, CERTIFICATE, **{name: vector[name] for name in names})
    check(vector, read_token(token))
    assert unpacked(token) == unpacked(vector["token"])


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 86_400),
    st.text(max_size=64),
    st.none() | st.integers(0, 2**32 - 1),
    st.none() | st.integers(1, 2**32 - 1),
)
def test_made_tokens_verify(issued_at: int, expire: int, user_id: str, right: int | None, salt: int | None) -> None:
    """What is made can be read and verified until the first of its two ends, and not after."""
    try:
        token = make_token(
            APP_ID,
            CERTIFICATE,
            issued_at=issued_at,
            expire=expire,
            user_id=user_id,
            privilege_expire=right,
            salt=salt,
        )
    except InvalidArgument as error:
        assert error.argument == "user_id"  # half a character
        return
    lifetime = min(expire, expire if right is None else right)
    assert read_token(token).expires_at == issued_at + lifetime
    with pytest.raises(TokenError, match="expired"):
        verify_token(token, app_id=APP_ID, certificate=CERTIFICATE, now=issued_at + lifetime)
    if lifetime:
        now = issued_at + lifetime - 0.001
        content = verify_token(token, app_id=APP_ID, certificate=CERTIFICATE, now=now)
        assert content.user_id == user_id
        assert list(content.privileges) == [1 if user_id else 2]
        assert salt in {None, content.salt}


def test_every_flipped_bit_is_refused() -> None:
    """Neither signature nor anything that is signed can be changed by one bit."""
    data = unpacked(VECTORS["user"]["token"])
    for bit in range(len(data) * 8):
        forged = bytearray(data)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TokenError):
            verify_token(packed(bytes(forged)), app_id=APP_ID, certificate=CERTIFICATE, now=1111112)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"app_id": OTHER}, "another app"),
        ({"certificate": OTHER}, "signature"),
        ({"now": 1111711}, "expired"),
    ],
)
def test_verify_says_what_is_wrong(change: dict[str, Any], message: str) -> None:
    """App, signature and lifetime are checked, and the error tells which failed."""
    right: dict[str, Any] = {"app_id": APP_ID, "certificate": CERTIFICATE, "now": 1111710}
    verify_token(VECTORS["app"]["token"], **right)
    with pytest.raises(TokenError, match=message):
        verify_token(VECTORS["app"]["token"], **right | change)


@given(st.text() | st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEF+/=").map(lambda rest: "007" + rest))
@example("007é")
@example("007")
@example("006" + VECTORS["app"]["token"][3:])
def test_garbage_is_no_token(garbage: str) -> None:
    """Any text that is no token is told so, by the library's own error."""
    with pytest.raises(TokenError):
        read_token(garbage)


@given(st.binary(max_size=200))
def test_garbage_inside_is_no_token(data: bytes) -> None:
    """Well packed nonsense never ends in another error than ours."""
    try:
        read_token(packed(data))
    except AgoraChatError as error:
        assert isinstance(error, TokenError)


def test_cut_tokens_are_refused() -> None:
    """A token that lost its end in a copy is no token."""
    token = VECTORS["user"]["token"]
    for length in range(len(token) - 4):
        with pytest.raises(TokenError):
            read_token(token[:length])


def test_a_zlib_bomb_is_not_inflated() -> None:
    """A small token that unpacks to megabytes is refused."""
    bomb = packed(text(bytes(32)) + bytes(50_000_000))
    assert len(bomb) < 100_000
    with pytest.raises(TokenError, match="far too long"):
        read_token(bomb)


def test_reading_ends_at_an_unknown_service() -> None:
    """A token may carry rights for other services, before chat if known and after it."""
    rtc = struct.pack("<HH", 1, 1) + struct.pack("<HI", 1, 60) + text(b"room") + text(b"42")
    chat = struct.pack("<HH", 5, 1) + struct.pack("<HI", 1, 60) + text(b"anna")
    unknown = struct.pack("<H", 99) + b"?"
    head = text(APP_ID.encode()) + struct.pack("<IIIH", 1, 60, 1, 3)
    token = read_token(packed(text(bytes(32)) + head + rtc + chat + unknown))
    assert (token.user_id, token.privileges) == ("anna", {1: 60})


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"app_id": "short"}, "app_id"),
        ({"app_id": APP_ID + "\n"}, "app_id"),
        ({"certificate": "hunter2"}, "certificate"),
        ({"expire": 0}, "expire"),
        ({"expire": 86_401}, "expire"),
        ({"issued_at": -1}, "issued_at"),
        ({"issued_at": 2**32}, "issued_at"),
        ({"salt": 2**32}, "salt"),
        ({"privilege_expire": -1}, "privilege_expire"),
        ({"user_id": "x" * 65_536}, "user_id"),
        ({"user_id": "\ud800"}, "user_id"),
    ],
)
def test_make_refuses(change: dict[str, Any], argument: str) -> None:
    """What no token can hold is refused by name, and a certificate is never shown."""
    arguments: dict[str, Any] = {"app_id": APP_ID, "certificate": CERTIFICATE, "issued_at": 1, "expire": 60}
    with pytest.raises(InvalidArgument) as caught:
        make_token(**arguments | change)
    assert caught.value.argument == argument
    assert "hunter2" not in str(caught.value)


def test_salts_differ() -> None:
    """Two tokens made in the same second are not the same."""
    assert len({make_token(APP_ID, CERTIFICATE, issued_at=1, expire=60) for _ in range(20)}) == 20


def test_repr_hides_the_signature() -> None:
    """A token in a log cannot be used."""
    token = read_token(VECTORS["user"]["token"])
    assert "signature" not in repr(token)
    assert "signed" not in repr(token)
