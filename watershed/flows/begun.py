"""A run as it was begun: made once, at the edge, and handed from step to step."""

from dataclasses import dataclass, field

from watershed.declarations import find_source, find_stream
from watershed.declarations.table import Source, Stream
from watershed.lake.store import Store, open_store


@dataclass(frozen=True)
class Run:
    """A run of the protocol for one source. `id` names all that it leaves in the lake and the ledger; `actor` is who or
    what started it. `kept`: see step_files.py."""

    id: str
    source: Source
    actor: str
    store: Store
    kept: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False, kw_only=True)

    @property
    def stream(self) -> Stream:
        """The source as a stream. Raises NotFound where it is another kind of source."""
        return find_stream(self.source.name)


def begin_run(source_name: str, run_id: str, actor: str) -> Run:
    """Raises NotFound for an unknown source."""
    return Run(run_id, find_source(source_name), actor, open_store())
