"""A column of one name is personal everywhere or nowhere, and what is copied of a personal one is personal too."""

from collections import defaultdict

from contracts.roles import ROLES
from watershed.declarations import list_tables
from watershed.declarations.roles import Role, choose_role, find_role
from watershed.lineage.columns import list_queries, trace_columns
from watershed.warehouse.schema.personal import list_personal

# Names that mean something else in another table, and what of it is personal there.
OTHER_MEANINGS = {
    "path": "of a photo where its file is, which names the owner; of a request the page that was asked for",
    "title": "of a photo what its owner wrote; of a film its name",
}


def list_flags() -> dict[str, dict[str, bool]]:
    """By the name of a column: by address, whether it is personal."""
    flags: dict[str, dict[str, bool]] = defaultdict(dict)
    for table in list_tables():
        for column in table.all_columns:
            flags[column.name][table.address] = column.personal
    for address, query in list_queries().items():
        for named in query.columns:
            flags[named.name][address] = named.personal
    return flags


def test_one_name_has_one_flag() -> None:
    mixed = {name: flags for name, flags in list_flags().items() if len(set(flags.values())) > 1}
    assert {name: flags for name, flags in mixed.items() if name not in OTHER_MEANINGS} == {}
    assert set(OTHER_MEANINGS) <= set(mixed), "a listed name has one flag by now: take it off the list"


def test_copies_of_personal_values_are_personal() -> None:
    """Of marts and views: of what is computed or counted, the author says so."""
    flags, forgotten = list_flags(), []
    for address, query in list_queries().items():
        origins = trace_columns(address).columns
        forgotten += [
            f"{address}.{column.name} is a copy of {origin.address}.{origin.column}"
            for column in query.columns
            for origin in origins.get(column.name, ())
            if origin.how == "copied" and not column.personal and flags.get(origin.column, {}).get(origin.address)
        ]
    assert forgotten == []


def test_what_nobody_declares_may_be_personal() -> None:
    assert list_personal("core.users", ["email", "country", "retired"]) == {"email", "retired"}
    assert list_personal("mart.storage_by_user", ["user_id", "photo_count"]) == {"user_id"}
    assert list_personal("core.nothing", ["a"]) == {"a"}
    assert list_personal("quarantine.users", ["raw_object", "row_json"]) == {"row_json"}


def test_a_role_sees_what_it_declares() -> None:
    role = Role("one", "", personal=frozenset({"core.users.email", "core.ratings"}))
    assert role.sees("core.users", "email") and not role.sees("core.users", "user_name")
    assert role.sees("core.ratings", "user_id") and role.sees("speed.ratings", "user_id")
    assert not role.is_unrestricted and find_role("steward").is_unrestricted


def test_roles_of_airflow_have_roles_here() -> None:
    named = {held: choose_role([held]).name for held in ("Public", "Viewer", "User", "Op", "Admin", "steward")}
    assert set(named.values()) == {"analyst", "steward"}
    assert [held for held, role in named.items() if role == "steward"] == ["Admin", "steward"]
    assert choose_role([]) == ROLES[0] and choose_role(["Viewer", "Admin"]).name == "steward"
