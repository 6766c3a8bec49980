"""Stop all local servers of this home; their data stays.

Tasks that run are ended; the next `watershed up` and a rerun complete their work. Works after a crash too.
"""

import argparse

GOES_ON = "what was not stopped goes on: run it again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(args: argparse.Namespace) -> int:
    from watershed.cli.commands.up import report_line
    from watershed.settings import find_home
    from watershed.stack.home import open_home
    from watershed.stack.servers import stop_stack

    if find_home().exists():
        stop_stack(open_home(), report_line)
    print(f"nothing runs in {find_home()}")
    return 0
