"""The process of the command line: `toolkit` and `python -m toolkit`."""

import signal
import sys


def main() -> None:
    """Run the command line of the process.

    An interruption is exit code 130 from the first import on. Once the command has ended it is ignored: while Python ends, it
    gives signals back to the system, which would kill a process whose answer is out. Nor does Python remember one: after an
    interruption within `exec`, which makes dataclasses, `python -m` ends by the signal whoever caught it.
    """
    try:
        try:
            from toolkit.cli.main import main as command  # noqa: PLC0415  # half a second in which a user can interrupt

            command()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            exec("")  # noqa: S102  # each exec of a text forgets the interruption of the one before
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
