"""Stop all local servers of this home; their data stays.

Tasks that run are ended; the next `watershed up` and a rerun complete their work. Works after a crash too.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(args: argparse.Namespace) -> int:
    from stack.commands.up import report_line
    from stack.home import open_home
    from stack.servers import stop_stack

    home = open_home()
    stop_stack(home, report_line)
    print(f"nothing runs in {home.path}")
    return 0
