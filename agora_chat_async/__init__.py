"""Asyncio-native, typed SDK for the Agora Chat (Easemob IM) server API.

    async with Session("org", "app", host="a41.chat.agora.io", token=AppToken(app_id, certificate)) as chat:
        await chat.users.create("anna")
        await chat.messages.send_to_users(["anna"], Text("Hello"))

Names are imported when they are first used, so that importing the package costs next to nothing.
"""

TYPE_CHECKING = (
    False  # checkers take the name for true all the same, and importing typing would cost more than the rest
)

if TYPE_CHECKING:
    from agora_chat_async import errors as errors
    from agora_chat_async._access_token import AccessToken as AccessToken
    from agora_chat_async._access_token import make_token as make_token
    from agora_chat_async._access_token import read_token as read_token
    from agora_chat_async._access_token import verify_token as verify_token
    from agora_chat_async._bucket import BucketState as BucketState
    from agora_chat_async._caller import Caller as Caller
    from agora_chat_async._caller import Response as Response
    from agora_chat_async._calls import Meta as Meta
    from agora_chat_async._calls import Result as Result
    from agora_chat_async._codec import from_dict as from_dict
    from agora_chat_async._codec import to_dict as to_dict
    from agora_chat_async._life import Stats as Stats
    from agora_chat_async._pages import Page as Page
    from agora_chat_async._pages import Pages as Pages
    from agora_chat_async._retry import NO_RETRY as NO_RETRY
    from agora_chat_async._retry import RetryPolicy as RetryPolicy
    from agora_chat_async._session import Session as Session
    from agora_chat_async._split import ItemResult as ItemResult
    from agora_chat_async._split import Part as Part
    from agora_chat_async._split import Parts as Parts
    from agora_chat_async._token import AppToken as AppToken
    from agora_chat_async._token import CallableToken as CallableToken
    from agora_chat_async._token import ExchangedToken as ExchangedToken
    from agora_chat_async._token import StaticToken as StaticToken
    from agora_chat_async._token import Token as Token
    from agora_chat_async._token import TokenSource as TokenSource
    from agora_chat_async._transfer import Download as Download
    from agora_chat_async._transfer import Upload as Upload
    from agora_chat_async._watch import call_id as call_id
    from agora_chat_async.content import Command as Command
    from agora_chat_async.content import Content as Content
    from agora_chat_async.content import Custom as Custom
    from agora_chat_async.content import File as File
    from agora_chat_async.content import Image as Image
    from agora_chat_async.content import ImageSize as ImageSize
    from agora_chat_async.content import Location as Location
    from agora_chat_async.content import Text as Text
    from agora_chat_async.content import Video as Video
    from agora_chat_async.content import Voice as Voice
    from agora_chat_async.errors import AgoraChatError as AgoraChatError
    from agora_chat_async.errors import APIError as APIError
    from agora_chat_async.hooks import Hooks as Hooks
    from agora_chat_async.models.users import NewUser as NewUser
    from agora_chat_async.quota import Plan as Plan
    from agora_chat_async.quota import Quota as Quota
    from agora_chat_async.quota import Rate as Rate
    from agora_chat_async.quota import per_day as per_day
    from agora_chat_async.quota import per_minute as per_minute
    from agora_chat_async.quota import per_second as per_second

    __version__: str
else:
    _HOMES = {
        "_access_token": ["AccessToken", "make_token", "read_token", "verify_token"],
        "_bucket": ["BucketState"],
        "_caller": ["Caller", "Response"],
        "_calls": ["Meta", "Result"],
        "_codec": ["from_dict", "to_dict"],
        "_life": ["Stats"],
        "_pages": ["Page", "Pages"],
        "_retry": ["NO_RETRY", "RetryPolicy"],
        "_session": ["Session"],
        "_split": ["ItemResult", "Part", "Parts"],
        "_token": ["AppToken", "CallableToken", "ExchangedToken", "StaticToken", "Token", "TokenSource"],
        "_transfer": ["Download", "Upload"],
        "_watch": ["call_id"],
        "content": [
            "Command", "Content", "Custom", "File", "Image", "ImageSize", "Location", "Text", "Video", "Voice"
        ],
        "errors": ["APIError", "AgoraChatError"],
        "hooks": ["Hooks"],
        "models.users": ["NewUser"],
        "quota": ["Plan", "Quota", "Rate", "per_day", "per_minute", "per_second"],
    }  # fmt: skip
    _HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name: str) -> object:
        from importlib import import_module  # noqa: PLC0415 - nothing is imported before it is used

        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - as above

            value = version("agora-chat-async")
        elif name in _HOME_OF:
            value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        elif name == "errors":
            value = import_module(f"{__name__}.errors")
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "NO_RETRY",
    "APIError",
    "AccessToken",
    "AgoraChatError",
    "AppToken",
    "BucketState",
    "CallableToken",
    "Caller",
    "Command",
    "Content",
    "Custom",
    "Download",
    "ExchangedToken",
    "File",
    "Hooks",
    "Image",
    "ImageSize",
    "ItemResult",
    "Location",
    "Meta",
    "NewUser",
    "Page",
    "Pages",
    "Part",
    "Parts",
    "Plan",
    "Quota",
    "Rate",
    "Response",
    "Result",
    "RetryPolicy",
    "Session",
    "StaticToken",
    "Stats",
    "Text",
    "Token",
    "TokenSource",
    "Upload",
    "Video",
    "Voice",
    "__version__",
    "call_id",
    "errors",
    "from_dict",
    "make_token",
    "per_day",
    "per_minute",
    "per_second",
    "read_token",
    "to_dict",
    "verify_token",
]
