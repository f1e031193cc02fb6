"""`python -m agora_chat_async.cli` is `agora-chat`."""

import sys

from agora_chat_async.cli import main

if __name__ == "__main__":
    sys.exit(main())
