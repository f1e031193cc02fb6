"""Start the emulator: `python -m agora_chat_async.emulator`."""

from __future__ import annotations

import sys

from agora_chat_async.emulator._command import main

sys.exit(main())
