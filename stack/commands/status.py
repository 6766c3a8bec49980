"""Show the local servers: address, process, memory, health.

The exit code is 0 when all of them are healthy.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(args: argparse.Namespace) -> int:
    from stack.home import open_home
    from stack.process import find_process, measure_memory
    from stack.servers import list_servers

    home = open_home()
    print(f"{'server':<24}{'address':<24}{'pid':>8}{'MB':>8}  healthy")
    healthy = True
    for server in list_servers(home):
        process = find_process(home, server.name)
        is_well = process is not None and server.is_ready()
        healthy &= is_well
        address = f"127.0.0.1:{server.port}" if server.port else "-"
        pid, megabytes = (process.pid, measure_memory(home, server.name)) if process else ("-", "-")
        print(f"{server.name:<24}{address:<24}{pid!s:>8}{megabytes!s:>8}  {'yes' if is_well else 'no'}")
    return 0 if healthy else 1
