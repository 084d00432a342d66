"""`python -m pipeline` and `plait` are the same command."""

from __future__ import annotations


def main() -> None:
    """Run the command with the process's arguments and end with its exit code."""
    from pipeline.cli.app import app

    app(prog_name="plait")


if __name__ == "__main__":
    main()
