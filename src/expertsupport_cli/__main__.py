"""The program: `es`, `expertsupport`, or `python -m expertsupport_cli`."""

from __future__ import annotations

import gc
import signal
import sys

# Python looks for garbage after every 700 new objects, and once more when it ends. A short command creates tens of
# thousands of objects and no garbage, and looking for it takes a twentieth of its time.
GC_THRESHOLD = 50_000


def run() -> None:
    """Run the command line and exit with its status; quiet when interrupted, even while still being loaded."""
    gc.set_threshold(GC_THRESHOLD)
    try:
        from expertsupport_cli.cli.main import main

        status = main(sys.argv[1:])
        for number in (signal.SIGINT, signal.SIGTERM):  # Python would report them while it ends
            signal.signal(number, signal.SIG_DFL)
    except KeyboardInterrupt:
        status = 130
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    run()
