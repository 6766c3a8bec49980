"""The command `watershed`: one module in cli/commands/ is one subcommand; `models_promote` is `models promote`.

A command module has a docstring (its first line is the help), `add_arguments(parser)` and `run(args) -> int`; GOES_ON,
if it has one, says what stays or goes on when Ctrl-C ends it.
Importing it must be cheap, since `--help` imports all of them: heavy imports belong inside `run`.
"""

import argparse
import importlib
import os
import pkgutil
import re
import sys
import traceback
from itertools import groupby
from textwrap import fill
from types import ModuleType
from typing import Any

from watershed.cli import commands
from watershed.cli.old_words import renew_words
from watershed.cli.signals import is_interruption
from watershed.errors import InvalidInput

INTRODUCTION = """\
Watershed: from raw data to tables that answer SQL.

  watershed up                                  start the local servers: S3, PostgreSQL, Kafka, Airflow
  watershed land access_logs access.log.gz      hand a file over, as an outside producer would
  watershed run ingest_access_logs              publish what is new
  watershed sql "from core.requests limit 5"    ask
  watershed down                                stop the servers; the data stays
"""
NOUNS = ("models", "tables", "stream")  # whose commands have two words
WRITE_REPOSITORY = ("docs", "init", "new-source")
EPILOG = """\
`watershed COMMAND --help` explains a command. All state is in the folder .watershed of the repository;
WATERSHED_HOME=/another/folder names another one: a second stack, beside the first, on other ports.
Exit code 0 means that it worked."""
INTERRUPTED = 130  # as shells report what Ctrl-C has ended
EXAMPLE = re.compile(r"( +\S.*?\S) {2,}(\S.*)")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an error is one line, unless `--debug` asks for the traceback.

    What a command writes is its user's alone, but for files of the repository.
    """
    args = argparse.Namespace(debug=False, goes_on="")
    before = os.umask(0o077)
    try:
        args = build_parser().parse_args(arguments)
        verify_text(args)
        if args.is_for_all:
            os.umask(before)
        return int(args.run(args) or 0)
    except KeyboardInterrupt as interruption:
        return tell_interruption(str(interruption) or args.goes_on)
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if is_interruption(error):
            return tell_interruption(args.goes_on)
        if args.debug:
            traceback.print_exc()
        from watershed.cli.sentences import describe_error

        print(f"watershed: {describe_error(error)}", file=sys.stderr)
        return 1
    finally:
        os.umask(before)


def verify_text(args: argparse.Namespace) -> None:
    """Raises InvalidInput for an argument that is not UTF-8, but the name of a file, which may be any bytes."""
    for name, value in vars(args).items():
        if isinstance(value, str) and not value.isascii() and value.encode(errors="ignore").decode() != value:
            raise InvalidInput(f"{name} is not text in UTF-8: write it in UTF-8")


def tell_interruption(goes_on: str) -> int:
    """Say that Ctrl-C has ended the command, and what stays or goes on all the same."""
    print(f"watershed: interrupted{'; ' if goes_on else ''}{goes_on}", file=sys.stderr)
    return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    layout = Help
    parser = CommandParser(prog="watershed", description=INTRODUCTION, epilog=EPILOG, formatter_class=layout)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subparsers = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=argparse.ArgumentParser
    )
    for name, module in find_commands().items():
        text = (module.__doc__ or "").strip()
        command = subparsers.add_parser(name, help=text.split("\n")[0], description=text, formatter_class=layout)
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        module.add_arguments(command)
        goes_on = getattr(module, "GOES_ON", "")
        command.set_defaults(run=module.run, goes_on=goes_on, is_for_all=name in WRITE_REPOSITORY)
    return parser


class CommandParser(argparse.ArgumentParser):
    """Takes the two words of a command like `models promote` for one, and words of earlier versions for today's."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = renew_words(sys.argv[1:] if args is None else list(args))
        place = next((n for n, word in enumerate(words) if not word.startswith("-")), len(words))
        if " ".join(words[place : place + 2]) in find_commands():
            words[place : place + 2] = [" ".join(words[place : place + 2])]
        return super().parse_known_args(words, namespace)


class Help(argparse.RawDescriptionHelpFormatter):
    """Paragraphs fill the terminal. Lines that are indented are examples: what one is for goes below it, where both do
    not fit."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        kinds = groupby(text.splitlines(), key=lambda line: not line or line[0].isspace())
        return "\n".join(
            part
            for is_example, lines in kinds
            for part in (
                (fit_example(line, width) for line in lines)
                if is_example
                else [fill(" ".join(lines), width, break_on_hyphens=False)]
            )
        )


def fit_example(line: str, width: int) -> str:
    found = EXAMPLE.fullmatch(line)
    if len(line) <= width or found is None:
        return line
    margin = " " * 6
    return f"{found[1]}\n{fill(found[2], width, initial_indent=margin, subsequent_indent=margin)}"


def find_commands() -> dict[str, ModuleType]:
    """Subcommands by name: the module new_source is `new-source`, and models_promote `models promote`."""
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    return {name_command(name): importlib.import_module(f"{commands.__name__}.{name}") for name in names}


def name_command(module: str) -> str:
    noun, _, verb = module.partition("_")
    return f"{noun} {verb}" if noun in NOUNS and verb else module.replace("_", "-")


if __name__ == "__main__":
    sys.exit(main())
