"""The command `watershed`: one module in stack/commands/ is one subcommand.

A command module has a docstring (its first line is the help), `add_arguments(parser)` and `run(args) -> int`.
Importing it must be cheap, since `--help` imports all of them: heavy imports belong inside `run`.
"""

import argparse
import importlib
import os
import pkgutil
import sys
import traceback
from types import ModuleType

from stack import commands

INTRODUCTION = """\
Watershed: from raw data to tables that answer SQL.

  watershed up                                  start the local servers: S3, PostgreSQL, Kafka, Airflow
  watershed land access_logs access.log.gz      hand a file over, as an outside producer would
  watershed run ingest_access_logs              publish what is new
  watershed sql "from core.requests limit 5"    ask
  watershed down                                stop the servers; the data stays
"""
EPILOG = """\
`watershed COMMAND --help` explains a command. All state is in the folder .watershed of the repository;
WATERSHED_HOME=/another/folder names another one: a second stack, beside the first, on other ports.
Exit code 0 means that it worked."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an error is one line, unless `--debug` asks for the traceback."""
    args = build_parser().parse_args(arguments)
    try:
        return int(args.run(args) or 0)
    except KeyboardInterrupt:
        print("watershed: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if args.debug:
            traceback.print_exc()
        from stack.sentences import describe_error

        print(f"watershed: {describe_error(error)}", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="watershed", description=INTRODUCTION, epilog=EPILOG, formatter_class=layout)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in find_commands().items():
        text = (module.__doc__ or "").strip()
        command = subparsers.add_parser(name, help=text.split("\n")[0], description=text, formatter_class=layout)
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def find_commands() -> dict[str, ModuleType]:
    """Subcommands by name: the module new_source is `new-source`."""
    modules = [module.name for module in pkgutil.iter_modules(commands.__path__)]
    return {name.replace("_", "-"): importlib.import_module(f"stack.commands.{name}") for name in sorted(modules)}


if __name__ == "__main__":
    sys.exit(main())
