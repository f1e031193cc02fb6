"""Push: how users are notified while they are offline, templates, and notifications sent by the app."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from agora_chat_async._checks import EXISTING_USER, ID, LABEL, NICKNAME, Int, Items, OneOf, Str
from agora_chat_async._codec import to_dict
from agora_chat_async._compile import SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._reading import member
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.push import (
    DisplayStyle,
    NotificationMode,
    NotificationSettings,
    NotificationTarget,
    PushResult,
    PushStrategy,
    PushTemplate,
    PushUser,
)
from agora_chat_async.push_payload import PushMessage
from agora_chat_async.quota import Quota, per_day, per_minute, per_second

MAX_USERS: Final = 100
MAX_LABELS: Final = 5
MAX_IGNORE_MS: Final = 7 * 86_400_000

DISPLAY: Final = Quota("push display settings", (per_second(100),))
"""What the three operations on one path may be called together."""
TASKS: Final = Quota("push tasks", concurrent=3)
"""How many notifications to labels or to the whole app may be under way."""

_HOUR: Final = Int(0, 23)
_STYLE: Final = Int(0, 1)
_STYLE_IN_TEXT: Final = OneOf(("0", "1"))
_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d"
_START_FORM: Final = "%Y-%m-%d %H:%M:%S"


def _hour(name: str, value: Any) -> str:
    return str(_HOUR(name, value))  # text, as the service's own clients send it


def _style(name: str, value: Any) -> int | str:
    return _STYLE_IN_TEXT(name, value) if isinstance(value, str) else _STYLE(name, value)


def _whole_window(body: Mapping[str, Any]) -> None:
    start, end = "notification_no_disturbing_start" in body, "notification_no_disturbing_end" in body
    if start != end:
        raise InvalidArgument("end" if start else "start", None, "start and end are given together")
    if start and not body["notification_no_disturbing"]:
        raise InvalidArgument("enabled", value=False, rule="hours are given only to turn it on")


def _any_setting(body: Mapping[str, Any]) -> None:
    if not body:
        raise InvalidArgument("type", None, "at least one of type, ignore_interval and ignore_duration")


def _pattern(name: str, value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise InvalidArgument(name, value, "text that is not empty")


def _message(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, PushMessage):
        raise InvalidArgument(name, value, "a PushMessage")
    try:
        message: dict[str, Any] = to_dict(value)
    except (AttributeError, TypeError):
        raise InvalidArgument(name, value, "a PushMessage whose sections are made of their own classes") from None
    return message


def _start(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise InvalidArgument(name, value, "a datetime without zone: the time of the service's own clock")
        return value.strftime(_START_FORM)
    try:
        datetime.strptime(value, _START_FORM)  # noqa: DTZ007 - the service has no zones
    except (TypeError, ValueError):
        raise InvalidArgument(name, value, "a datetime, or text as yyyy-MM-dd HH:mm:ss") from None
    return str(value)


Target = Annotated[NotificationTarget | Literal["user", "chatgroup"], OneOf(("user", "chatgroup"))]
Strategy = Annotated[PushStrategy | Literal[0, 1, 2, 3, 4], Int(0, 4)]
Message = Annotated[PushMessage, _message, SentAs("pushMessage")]
Start = Annotated[datetime | str, _start, SentAs("startDate")]


class Push(
    Group,
    name="push",
    page="https://docs.agora.io/en/agora-chat/restful-api/offline-push-configuration",
):
    """Push notifications of the app."""

    @PUT("/users/{username}", DISPLAY, pick="entities.0", retry_safe=True)
    async def set_display_nickname(
        self, username: Annotated[str, EXISTING_USER], nickname: Annotated[str, NICKNAME]
    ) -> PushUser:
        """Set the name under which a user appears in the notifications of others.

        Args:
            username: At most 64 characters.
            nickname: 1 to 100 characters; shown to receivers whose display style is `CONTENT`.

        Returns:
            The user.

        Raises:
            NotFound: There is no such user.

        Source: Set the display name in push notifications
        """
        ...

    @PUT("/users/{username}", DISPLAY, pick="entities.0", retry_safe=True)
    async def set_display_style(
        self,
        username: Annotated[str, EXISTING_USER],
        style: Annotated[DisplayStyle | Literal[0, 1, "0", "1"], _style, SentAs("notification_display_style")],
    ) -> PushUser:
        """Choose whether the notifications of a user tell sender and content, or nothing but that there is a message.

        Args:
            username: Who receives the notifications.
            style: `DisplayStyle.FIXED` (0), which holds by default, or `CONTENT` (1); sent as given, number or text.

        Returns:
            The user.

        Raises:
            NotFound: There is no such user.

        Source: Set the display style in push notifications
        """
        ...

    @PUT("/users/{username}", DISPLAY, pick="entities.0", check=_whole_window, retry_safe=True)
    async def set_do_not_disturb(
        self,
        username: Annotated[str, EXISTING_USER],
        enabled: Annotated[bool, SentAs("notification_no_disturbing")],
        *,
        start: Annotated[int, _hour, SentAs("notification_no_disturbing_start")] | None = None,
        end: Annotated[int, _hour, SentAs("notification_no_disturbing_end")] | None = None,
    ) -> PushUser:
        """Turn the daily hours without notifications on or off; `set_notification_settings` knows minutes and more.

        Args:
            username: Who is not to be disturbed.
            enabled: False turns it off and keeps the hours.
            start: Hour at which it begins, 0 to 23.
            end: Hour at which it ends, 0 to 23: on the next day where it is before `start`; all day where it is the
                same.

        Returns:
            The user.

        Raises:
            NotFound: There is no such user.

        Source: restful-overview#Push
        """
        ...

    @PUT(
        "/users/{username}/notification/{chat_type}/{key}",
        per_second(100),
        pick="data",
        check=_any_setting,
        retry_safe=True,
    )
    async def set_notification_settings(
        self,
        username: Annotated[str, EXISTING_USER],
        chat_type: Target,
        key: Annotated[str, ID],
        *,
        type: Annotated[
            NotificationMode | Literal["DEFAULT", "ALL", "AT", "NONE"], OneOf(("DEFAULT", "ALL", "AT", "NONE"))
        ]
        | None = None,
        ignore_interval: Annotated[
            str,
            Str(most=11, least=0, pattern=re.compile(f"({_TIME}-{_TIME})?"), charset="HH:MM-HH:MM, or nothing"),
            SentAs("ignoreInterval"),
        ]
        | None = None,
        ignore_duration: Annotated[int, Int(0, MAX_IGNORE_MS), SentAs("ignoreDuration")] | None = None,
    ) -> NotificationSettings:
        """Choose what is pushed to a user, and when not, in the whole app or in one conversation.

        Args:
            username: Whose notifications are meant.
            chat_type: `user` for a one-to-one chat or the whole app, `chatgroup` for a group.
            key: The peer's username, the group's id, or for the whole app the user's own name.
            type: What is pushed; `DEFAULT` lets a conversation follow the whole app, and is refused for that itself.
            ignore_interval: Daily do-not-disturb such as 22:00-07:30, for the whole app; an empty text ends it.
            ignore_duration: Do-not-disturb from now on, in milliseconds, at most 7 days; 0 for none.

        Returns:
            The settings that now hold.

        Raises:
            NotFound: There is no such user.
            IllegalArgument: The service refuses a value.

        Source: Set up push notifications
        """
        ...

    @GET("/users/{username}/notification/{chat_type}/{key}", per_second(100), pick="data", retry_safe=True)
    async def get_notification_settings(
        self, username: Annotated[str, EXISTING_USER], chat_type: Target, key: Annotated[str, ID]
    ) -> NotificationSettings:
        """Tell what is pushed to a user, and when not, in the whole app or in one conversation.

        Args:
            username: Whose notifications are meant.
            chat_type: `user` for a one-to-one chat or the whole app, `chatgroup` for a group.
            key: The peer's username, the group's id, or for the whole app the user's own name.

        Returns:
            The settings; what was never set is None.

        Raises:
            NotFound: There is no such user.

        Source: Retrieve the settings of push notifications
        """
        ...

    @PUT("/users/{username}/notification/language", per_second(100), pick="data.language", retry_safe=True)
    async def set_preferred_language(
        self,
        username: Annotated[str, EXISTING_USER],
        language: Annotated[str, Str(most=64, least=0), SentAs("translationLanguage")],
    ) -> str:
        """Set the language of a user's notifications, for messages that come with translations.

        Args:
            username: At most 64 characters.
            language: A code such as `en`; an empty text for the original.

        Returns:
            The language that now holds.

        Raises:
            NotFound: There is no such user.

        Source: Set the preferred language of push notifications
        """
        ...

    @GET(
        "/users/{username}/notification/language",
        per_second(100),
        pick="data",
        read=member("language"),
        retry_safe=True,
    )
    async def get_preferred_language(self, username: Annotated[str, EXISTING_USER]) -> str | None:
        """Tell the language of a user's notifications.

        Args:
            username: At most 64 characters.

        Returns:
            The language's code; empty, or None where it was never set, for the original.

        Raises:
            NotFound: There is no such user.

        Source: Retrieve the preferred language of push notifications
        """
        ...

    @POST("/notification/template", per_second(100), pick="data", retry_safe=False)
    async def create_template(
        self,
        name: Annotated[str, Str(most=64)],
        title_pattern: Annotated[str, _pattern],
        content_pattern: Annotated[str, _pattern],
    ) -> PushTemplate:
        """Create a template for the notifications of messages.

        Args:
            name: 1 to 64 characters; `default` is used where a message names no template.
            title_pattern: The title, with placeholders `{0}`, `{1}` for a message's arguments, or `{$fromNickname}`.
            content_pattern: The text, likewise; `{$msg}` stands for the message's text.

        Returns:
            The template.

        Raises:
            AlreadyExists: The name is taken.

        Source: Create a push template
        """
        ...

    @GET("/notification/template/{name}", per_second(100), pick="data", retry_safe=True)
    async def get_template(self, name: Annotated[str, Str(most=64)]) -> PushTemplate:
        """Fetch a template; there is no way to list them.

        Args:
            name: At most 64 characters.

        Returns:
            The template.

        Raises:
            NotFound: There is no such template.

        Source: Retrieve a push template
        """
        ...

    @DELETE("/notification/template/{name}", per_second(100), pick="data", retry_safe=True)
    async def delete_template(self, name: Annotated[str, Str(most=64)]) -> PushTemplate:
        """Delete a template.

        Args:
            name: At most 64 characters.

        Returns:
            The template as it was.

        Raises:
            NotFound: There is no such template; after a repeat that means it is done.

        Source: Delete a push template
        """
        ...

    @POST("/push/sync/{target}", per_second(1), pick="data", retry_safe=False)
    async def send_sync(
        self, target: Annotated[str, EXISTING_USER], message: Message, *, strategy: Strategy | None = None
    ) -> Sequence[PushResult]:
        """Send a notification to one user and wait for what becomes of it; for tests, since one a second is allowed.

        Args:
            target: The receiver.
            message: What to show.
            strategy: By which push services; `PushStrategy.SERVICES` by default.

        Returns:
            What became of it, as a rule one result; a user who cannot be reached is no error, so look at its `ok`.

        Raises:
            IllegalArgument: The service refuses the message or another value.
            FeatureNotEnabled: The app has no push service.
            OutcomeUnknown: The answer was lost; the notification may have been sent.

        Source: push-notification-management#Send a push notification in a synchronous way
        """
        ...

    @POST("/push/single", per_minute(1200), pick="data", retry_safe=False)
    async def send_to_users(
        self,
        targets: Annotated[Sequence[str], Items(MAX_USERS, each=EXISTING_USER)],
        message: Message,
        *,
        strategy: Strategy | None = None,
    ) -> Sequence[PushResult]:
        """Send a notification to up to 100 users, without waiting for its delivery.

        Args:
            targets: 1 to 100 usernames.
            message: What to show.
            strategy: By which push services; `PushStrategy.SERVICES` by default.

        Returns:
            Whether it was taken over for each user.

        Raises:
            IllegalArgument: The service refuses the message or another value.
            FeatureNotEnabled: The app has no push service.
            OutcomeUnknown: The answer was lost; the notification may have been sent.

        Source: push-notification-management#Send a push notification to users in an asynchronous way
        """
        ...

    @POST("/push/list/label", per_minute(1200), TASKS, pick="data.taskId|data", retry_safe=False)
    async def send_to_labels(
        self,
        targets: Annotated[Sequence[str], Items(MAX_LABELS, each=LABEL, divisible=False)],
        message: Message,
        *,
        start_date: Start | None = None,
        strategy: Strategy | None = None,
    ) -> str:
        """Start a task that sends a notification to the users who are under each of some labels.

        Args:
            targets: 1 to 5 labels; of several, only users under all of them are meant.
            message: What to show.
            start_date: When it begins, by the service's own clock, which has no documented zone: in 1 hour at the
                earliest, in 30 days at the latest; at once by default.
            strategy: By which push services; `PushStrategy.SERVICES` by default.

        Returns:
            Id of the task, for statistics in the vendor's console.

        Raises:
            NotFound: There is no such label.
            LimitReached: Three tasks are running.
            IllegalArgument: The service refuses the message or another value.
            OutcomeUnknown: The answer was lost; the task may have been started.

        Source: push-notification-management#Send a push notification by label
        """
        ...

    @POST("/push/task", per_minute(5), per_day(100), TASKS, pick="data.taskId|data", retry_safe=False)
    async def send_to_all(
        self, message: Message, *, start_date: Start | None = None, strategy: Strategy | None = None
    ) -> str:
        """Start a task that sends a notification to every user of the app.

        Args:
            message: What to show.
            start_date: When it begins, by the service's own clock, which has no documented zone: in 1 hour at the
                earliest, in 30 days at the latest; at once by default.
            strategy: By which push services; `PushStrategy.SERVICES` by default.

        Returns:
            Id of the task, for statistics in the vendor's console.

        Raises:
            LimitReached: Three tasks are running, or waiting for their start.
            IllegalArgument: The service refuses the message or another value.
            QuotaWaitExceeded: The day's tasks are used up.
            OutcomeUnknown: The answer was lost; the task may have been started.

        Source: push-notification-management#Send a push notification to all users under the app
        """
        ...
