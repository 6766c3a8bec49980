"""Names that nobody knows, told with those that are near."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

NEAR = 0.6  # of 1, as difflib measures likeness
NEARLY_BEST = 0.1
MOST = 3


def list_near(name: str, known: Iterable[str]) -> list[str]:
    """The known names that are most like this one, whatever its case, with their schema or without."""
    names = sorted(known)
    likened = {one.rpartition(".")[2].lower(): one for one in names} | {one.lower(): one for one in names}
    found = get_close_matches(name.lower(), likened, MOST, NEAR)
    best = measure_likeness(name, found[0]) if found else 1
    near = [likened[one] for one in found if measure_likeness(name, one) >= best - NEARLY_BEST]
    return list(dict.fromkeys(near))


def measure_likeness(name: str, other: str) -> float:
    return SequenceMatcher(None, other, name.lower()).ratio()


def explain_missing_file(path: Path) -> str:
    """What to say of a file that is not there: its neighbours, where one is called nearly so."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no such file, since there is no folder {folder}"
    if path.is_symlink():
        return f"it is a link to {path.readlink()}, which is not there"
    near = list_near(path.name, (one.name for one in folder.iterdir()))
    return f"there is no such file: did you mean {' or '.join(near)}?" if near else "there is no such file"


def explain_unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """`there is no table 'reqests': did you mean requests?`, or all there are, where none is near."""
    names = sorted(known)
    if near := list_near(name, names):
        return f"there is no {kind} {name!r}: did you mean {' or '.join(near)}?"
    return f"there is no {kind} {name!r}; the {kind}s are {', '.join(names) or 'none yet'}"
