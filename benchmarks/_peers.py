"""Who is compared, and the environments in which they run."""

import subprocess
import sys
import venv
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent
ENVIRONMENTS: Final = HERE.parent / ".bench"


class Contestant(NamedTuple):
    """Somebody who makes calls."""

    name: str
    file: str
    needs: tuple[str, ...] = ()
    """What is installed for it, in an environment of its own; nothing for one that runs in this environment."""

    @property
    def python(self) -> str:
        """Interpreter of its environment, which is made where it is missing."""
        if not self.needs:
            return sys.executable
        home = ENVIRONMENTS / self.needs[0].partition("==")[0].partition("[")[0]
        python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        wanted, record = "\n".join(self.needs), home / "needs.txt"
        if not record.exists() or record.read_text() != wanted:
            print(f"installing {', '.join(self.needs)}", file=sys.stderr)
            venv.create(home, clear=True, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *self.needs], check=True)
            record.write_text(wanted)
        return str(python)


US: Final = Contestant("agora_chat_async", "clients/agora.py")
OVER_AIOHTTP: Final = Contestant("httpx over aiohttp, by hand", "clients/httpx_over_aiohttp.py")
PLAIN_HTTPX: Final = Contestant("httpx, by hand", "clients/httpx_plain.py")
BY_HAND: Final = (
    OVER_AIOHTTP,
    PLAIN_HTTPX,
    Contestant("httpx2, by hand", "clients/httpx2_plain.py", ("httpx2==2.16.2",)),
    Contestant("aiohttp, by hand", "clients/aiohttp_plain.py"),
)
SDKS: Final = (
    Contestant("stream-chat", "clients/stream_chat.py", ("stream-chat==4.33.0",)),
    Contestant("getstream", "clients/getstream_sdk.py", ("getstream==7.0.0",)),
    Contestant("slack_sdk", "clients/slack.py", ("slack_sdk==3.48.0", "aiohttp==3.14.5")),
    Contestant("twilio", "clients/twilio_sdk.py", ("twilio==9.13.0",)),
    Contestant("openai", "clients/openai_sdk.py", ("openai[aiohttp]==3.57.0", "httpx-aiohttp==0.2.0")),
    Contestant(
        "openai over aiohttp", "clients/openai_over_aiohttp.py", ("openai[aiohttp]==3.57.0", "httpx-aiohttp==0.2.0")
    ),
    Contestant("sendbird (threads)", "clients/sendbird.py", ("sendbird-platform-sdk==2.1.5",)),
    # Newer versions of hishel lack a name that this version of githubkit imports.
    Contestant("githubkit", "clients/githubkit_sdk.py", ("githubkit==0.16.1", "hishel[async,httpx]==1.3.0")),
)
_LIMITERS: Final = ("httpx-limiter==0.6.1", "pyrate-limiter==4.5.1", "aiolimiter==1.3.0", "httpx-aiohttp==0.2.0")
LIMITERS: Final = (
    Contestant("agora_chat_async", "limiters/agora.py"),
    Contestant("aiolimiter, as commonly used", "limiters/aiolimiter_common.py", _LIMITERS),
    Contestant("aiolimiter, smoothed", "limiters/aiolimiter_smoothed.py", _LIMITERS),
    Contestant("httpx-limiter", "limiters/httpx_limiter_transport.py", _LIMITERS),
    Contestant("pyrate-limiter", "limiters/pyrate.py", _LIMITERS),
    Contestant("none, with retries", "limiters/none_and_retry.py", _LIMITERS),
)
