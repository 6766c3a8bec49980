"""Words of earlier versions of the command, which are still understood: today's are put in their place, and said."""

import sys
from collections.abc import Iterator, Sequence

OLD = {
    "promote": ("models", "promote"),
    "rollback": ("models", "rollback"),
    "restore": ("tables", "rollback"),
    "streams": ("stream", "status"),
}
OF_STREAM = ("start", "status")
OLD_REASON, REASON = "--because", "--reason"


def renew_words(words: Sequence[str]) -> list[str]:
    """The arguments in today's words; of each old one a line goes to standard error."""
    place = next((n for n, word in enumerate(words) if not word.startswith("-")), None)
    if place is None:
        return [*words]
    before, command, rest = words[:place], words[place], words[place + 1 :]
    new = OLD.get(command, (command,))
    if command == "stream" and (not rest or rest[0] not in OF_STREAM):
        new = ("stream", "start")
    is_old = command in OLD or (len(new) > 1 and any(not word.startswith("-") for word in rest))
    if is_old:
        tell_old(command, " ".join(new))
    takes_reason = [*new, *rest][:2] in (["models", "promote"], ["models", "rollback"])
    return [*before, *new, *(renew_reasons(rest) if takes_reason else rest)]


def renew_reasons(words: Sequence[str]) -> Iterator[str]:
    """`--because` was what `--reason` is everywhere now."""
    for word in words:
        is_old = word == OLD_REASON or word.startswith(f"{OLD_REASON}=")
        if is_old:
            print(f"watershed: {OLD_REASON} is an old word: write {REASON}", file=sys.stderr)
        yield word.replace(OLD_REASON, REASON, 1) if is_old else word


def tell_old(old: str, new: str) -> None:
    print(f"watershed: `watershed {old}` is an old word: write `watershed {new}`", file=sys.stderr)
