"""What is secret, and how it is taken out of whatever may be shown.

Everything that could carry a secret into a text goes through here: refused arguments, what the service says in its
errors, and bodies in the log. A secret is told by the name that it stands under, or by its form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast

E = TypeVar("E", bound=BaseException)

HIDDEN: Final = "(hidden)"
"""What stands in the place of a secret."""

SECRET_WORDS: Final = ("authorization", "certificate", "cookie", "password", "passwd", "secret", "signature", "token")
"""A member, header or argument whose name ends in one of these is secret, such as `share-secret` or `newpassword`."""

_SHORTEST: Final = 6  # what is shorter stands in many a text by chance
_WORD: Final = f"(?:{'|'.join(SECRET_WORDS)})s?"
_NAME: Final = re.compile(rf".*{_WORD}", re.IGNORECASE | re.DOTALL)
_VALUE: Final = r"""(?x:
      "(?:[^"\\]|\\.)*"?
    | '(?:[^'\\]|\\.)*'?
    | \\"(?:(?!\\").)*(?:\\")?  # JSON in the text of another JSON
    | (?:(?:Bearer|Basic)\s+)?[^\s,;&}\])"'\\]+
)"""
_FORMS: Final = (
    # Looked for from the beginning of a name only: otherwise a long run of letters would take quadratic time.
    (
        re.compile(rf"(?P<kept>(?<![\w-])[\w-]*{_WORD}\\?[\"']?\s*[:=]\s*)(?:{_VALUE})", re.IGNORECASE),
        r'\g<kept>"(hidden)"',
    ),
    (re.compile(r"(?P<kept>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{4,}", re.IGNORECASE), rf"\g<kept>{HIDDEN}"),
    (re.compile(r"(?P<kept>://)[^/?#\s\"']+@"), rf"\g<kept>{HIDDEN}@"),
    (re.compile(r"\b(?:007eJ|YWMt)[\w+/=-]{16,}"), HIDDEN),  # tokens, wherever they stand
)


def is_secret(name: str) -> bool:
    """Tell whether what stands under a name is secret; an index behind it, such as `[3]`, does not matter."""
    return _NAME.fullmatch(name.partition("[")[0]) is not None


def redacted(data: Any) -> Any:
    """Return JSON-ready data with its secrets hidden."""
    if isinstance(data, Mapping):
        members = cast("Mapping[Any, Any]", data)
        return {name: HIDDEN if is_secret(str(name)) else redacted(value) for name, value in members.items()}
    if isinstance(data, list | tuple):
        return [redacted(item) for item in cast("list[Any]", data)]
    return redacted_text(data) if isinstance(data, str) else data


def redacted_text(text: str, *known: str) -> str:
    """Return a text with its secrets hidden: those that are known, and what looks like one."""
    for secret in known:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    for form, replacement in _FORMS:
        text = form.sub(replacement, text)
    return text


def redacted_bytes(body: bytes, *known: str) -> bytes:
    """Return a body with its secrets hidden; the other bytes stay as they are."""
    return redacted_text(body.decode("latin-1"), *known).encode("latin-1")


def without_frames(error: E) -> E:
    """Forget where an error and those behind it were raised.

    Crash reporters show the variables of a frame, and in those where requests are made stands the token.
    """
    behind: BaseException | None = error
    while behind is not None:
        behind.__traceback__ = None
        behind = behind.__cause__ or behind.__context__
    return error
