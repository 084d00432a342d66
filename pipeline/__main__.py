"""`python -m pipeline` and `plait` are the same command."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command with the process's arguments and end with its exit code."""
    from pipeline.cli.app import app

    try:
        app(prog_name="plait")
    finally:
        gc.freeze()  # the process ends: to look for cycles among all that it has loaded takes 0.2 s


if __name__ == "__main__":
    main()
