"""Make a new project in a folder: contracts, transforms, rules, a mart, DAGs, sample data and tests.

  watershed init warehouse                  with a first source of lines of text
  watershed init warehouse --kind kafka     with a topic

It asks nothing and overwrites nothing. The README.md that it writes says how to go on.
"""

import argparse
from pathlib import Path

from watershed.cli.commands.new_source import KINDS, compose_files
from watershed.errors import InvalidInput

GOES_ON = "files that are written stay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the project's folder, which is made if it is missing")
    parser.add_argument(
        "--kind", choices=KINDS, default="logs", help="of the first source: lines of text (default), JSON, ..."
    )


def run(args: argparse.Namespace) -> int:
    from watershed.scaffold.new_project import EXECUTABLE, FIRST, compose_project

    folder = Path(args.folder).absolute()
    files = {folder / place: text for place, text in compose_project(folder.name, args.kind)}
    files |= dict(compose_files(*FIRST[args.kind], args.kind, folder))
    check_nothing_is_there(folder, files)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:  # whoever was faster keeps theirs
            file.write(text)
    for place in EXECUTABLE:
        (folder / place).chmod((folder / place).stat().st_mode | 0o111)
    print(f"{len(files)} files written to {folder}; README.md says how to go on: cd {args.folder} && make run")
    return 0


def check_nothing_is_there(folder: Path, files: dict[Path, str]) -> None:
    """Raises InvalidInput where something would be overwritten."""
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is a file: name a folder for the project")
    if there := sorted(path.relative_to(folder).as_posix() for path in files if path.exists() or path.is_symlink()):
        more = f" and {len(there) - 1} more" if there[1:] else ""
        raise InvalidInput(f"{folder} has {there[0]}{more} already: nothing is overwritten, name another folder")
