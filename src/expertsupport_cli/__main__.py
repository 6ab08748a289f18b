"""The program: `es`, `expertsupport`, or `python -m expertsupport_cli`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line and exit with its status; quiet when interrupted, even while still being loaded."""
    try:
        from expertsupport_cli.cli.main import main

        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    run()
