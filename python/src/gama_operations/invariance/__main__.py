"""`python -m gama_operations.invariance MODEL`; see `command.py`."""

import sys

from gama_operations.lifetime import share_the_cores


def main() -> int:
    """Runs the command once waiting threads may sleep, which has to be said before numpy is imported."""
    share_the_cores()
    from gama_operations.invariance.command import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
