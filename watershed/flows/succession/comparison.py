"""Comparison of the contents of objects: which begins with all of which."""

from watershed.flows.succession.kin import Kin, measure_kin
from watershed.lake.raw_objects import RawObject
from watershed.lake.store import Store
from watershed.sources.measure import read_beginnings


class Comparison:
    """Compares contents, and reads what nobody has measured yet. `objects`: descriptions of raw objects by key."""

    def __init__(self, store: Store, objects: dict[str, RawObject], kin: dict[str, Kin]) -> None:
        self.store = store
        self.objects = dict(objects)
        self.kin = kin
        self.places: dict[str | None, list[str]] = {}
        for one in kin.values():
            for place in {one.name, one.head}:
                self.places.setdefault(place, []).append(one.key)

    def sort(self, keys: dict[str, Kin]) -> list[Kin]:
        """Those of them that have any kin, the longest first; measured, where they were not."""
        related = [self.kin[key] for key in keys if self.list_related(self.kin[key])]
        measured = [one for one in map(self.measure, related) if one.size is not None]
        return sorted(measured, key=lambda one: (-(one.size or 0), one.key))

    def measure(self, one: Kin) -> Kin:
        self.kin[one.key] = measure_kin(self.store, one)
        return self.kin[one.key]

    def list_related(self, one: Kin) -> list[Kin]:
        keys = {key for place in (one.name, one.head) if place for key in self.places.get(place, ())}
        return [self.kin[key] for key in sorted(keys) if self.kin[key].may_begin(one) or one.may_begin(self.kin[key])]

    def find_container(self, one: Kin) -> str | None:
        """A published object that begins with all of this one, or has just the same content."""
        longer = [other for other in self.list_related(one) if other.is_published and not other.is_superseded]
        for other in map(self.measure, longer):
            if other.size is None or one.size is None or other.size < one.size or not one.may_begin(other):
                continue
            if self.begins_with(other, [one]) and self.is_same_day(one, other):
                return other.key
        return None

    def find_beginnings(self, one: Kin, gone: set[str]) -> list[str]:
        """The objects with all of which this one begins, without those that are gone."""
        others = [other for other in self.list_related(one) if other.key not in gone]
        others = [other for other in others if other.has_rows or not other.is_superseded]
        return [other.key for other in self.select_beginnings(one, others)]

    def select_beginnings(self, one: Kin, others: list[Kin]) -> list[Kin]:
        """Those with all of which this one begins."""
        shorter = [
            other
            for other in map(self.measure, others)
            if other.size is not None and one.size is not None and other.size <= one.size and other.may_begin(one)
        ]
        return [other for other in self.begins_with(one, shorter) if self.is_same_day(one, other)]

    def begins_with(self, one: Kin, others: list[Kin]) -> list[Kin]:
        """Those with which its content begins, as far as landing has not found that out already."""
        told = self.objects[one.key].continues if one.key in self.objects else ()
        same = {other.key for other in others if other.key in told or other.sha256 == one.sha256}
        lengths = [other.size for other in others if other.key not in same and other.size != one.size and other.size]
        found = read_beginnings(self.store.open(one.key), lengths) if lengths else {}
        return [other for other in others if other.key in same or found.get(other.size or 0) == other.sha256]

    def is_same_day(self, *kin: Kin) -> bool:
        """Whether the days that their lines are of are the same, where they do not say them; and none is separate."""
        found = [self.find_object(one.key) for one in kin]
        kept = [about for about in found if about and not about.is_separate]
        return len(kept) == len(kin) and len({about.day for about in kept}) == 1

    def find_object(self, key: str) -> RawObject | None:
        if key not in self.objects and (found := self.store.find(key)) is not None:
            self.objects[key] = found
        return self.objects.get(key)
