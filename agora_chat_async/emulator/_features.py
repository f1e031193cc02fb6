"""Features that an app may have switched off, and how the service then refuses the operations that need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

Answer = tuple[int, str, str]

FEATURES: Final[Mapping[str, tuple[tuple[str, ...], Answer]]] = {
    "user_attributes": (("user_attributes.",), (403, "FORBIDDEN", "the user attribute service is not open")),
    "mutes": (("mutes.set",), (403, "forbidden_op", "the global mute service is not open")),
    "presence": (("presence.",), (400, "service open exception", "the app has not opened the presence service")),
    "recall": (("messages.recall",), (403, "forbidden_op", "message recall service is unopened")),
    "modify": (
        ("messages.modify",),
        (403, "EditFeatureNotEnabledException", "the edit message feature is not enabled for this app"),
    ),
    "push": (("push.send_", "push_labels."), (403, "ServiceNotOpenException", "push service not open")),
    "callbacks": (("callbacks.",), (403, "forbidden_op", "the storage of callbacks is not open")),
    "threads": (("threads.", "thread_members."), (403, "group_error", "the thread service is not open for this app")),
    "reactions": (
        ("reactions.add", "reactions.remove"),
        (400, "Bad Request", "this appKey is not open reaction service!"),
    ),
}
"""By feature: beginnings of the operations that need it; status, error and description of the refusal."""


def closed(disabled: Iterable[str], operations: Iterable[str]) -> Mapping[str, Answer]:
    """Return how the operations that need a feature which is off are refused."""
    answers = dict[str, Answer]()
    names = list(operations)
    for feature in disabled:
        if feature not in FEATURES:
            raise ValueError(f"disabled names {feature!r}, which is none of {', '.join(FEATURES)}")
        beginnings, answer = FEATURES[feature]
        answers |= dict.fromkeys((name for name in names if name.startswith(beginnings)), answer)
    return answers
