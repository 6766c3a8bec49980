"""The shell of `watershed sql`: questions to an engine that can only read, and a few commands of its own.

It is not DuckDB's shell, whose commands run programs and write files with the rights of whoever started it.
"""

import readline
import sys
from collections.abc import Callable, Sequence

from watershed.cli.signals import is_interruption
from watershed.errors import InvalidInput, UserError

PROMPT, GOES_ON = "watershed> ", "       ... "
ENDS = (".quit", ".exit", "quit", "exit", "quit;", "exit;")
HELP = """\
A question ends with ; and may have several lines. Tab completes names, arrows bring back what was asked.
  .format table|csv|json   how answers are printed
  .tables                  what there is to ask
  .quit                    or Ctrl-D
Ctrl-C ends a question."""
TABLES = "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables ORDER BY name"

Answer = Callable[[str, str], None]


def run_shell(answer: Answer, form: str, words: Sequence[str] = ()) -> int:
    """Ask until the input ends. `answer` prints what a query finds, in a form, or raises UserError; `words` complete
    what is typed."""
    complete_words(words)
    print("Read-only. A question ends with ;  and .help says what else there is.")
    while (text := read_statement()) is not None:
        try:
            form = follow(answer, text, form)
        except UserError as error:
            print(error, file=sys.stderr)
        except (KeyboardInterrupt, RuntimeError) as error:
            if not is_interruption(error):
                raise
            print("the question is interrupted", file=sys.stderr)
    return 0


def follow(answer: Answer, text: str, form: str) -> str:
    """Do what was typed. Returns the form from then on. Raises UserError."""
    from watershed.cli.listing import FORMS

    match text.split():
        case [".help"]:
            print(HELP)
        case [".tables"]:
            answer(TABLES, form)
        case [".format", wanted] if wanted in FORMS:
            return wanted
        case [command, *_] if command.startswith("."):
            raise InvalidInput(f"{text} is not a command here: .help lists those there are")
        case _:
            answer(text, form)
    return form


def read_statement() -> str | None:
    """What is typed next: a command, or lines up to one that ends with a semicolon; None at the end."""
    lines: list[str] = []
    while True:
        try:
            lines.append(input(GOES_ON if lines else PROMPT))
        except EOFError:
            print()
            return None
        except KeyboardInterrupt:
            print()
            lines = []
            continue
        text = "\n".join(lines).strip()
        if text in ENDS:
            return None
        if not text:
            lines = []
        elif text.startswith(".") or is_complete(text):
            return text


def is_complete(text: str) -> bool:
    """Whether the last semicolon ends the statement: one in quotes does not."""
    return text.endswith(";") and text.count("'") % 2 == 0 and text.count('"') % 2 == 0


def complete_words(words: Sequence[str]) -> None:
    known = sorted(set(words))

    def complete(text: str, number: int) -> str | None:
        found = [word for word in known if word.lower().startswith(text.lower())]
        return found[number] if number < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n(),;=<>")
    readline.parse_and_bind("tab: complete")
