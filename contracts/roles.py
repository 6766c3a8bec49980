"""Who sees which personal values and which rows. The first role sees least, and is that of whoever has no other."""

from watershed.declarations.roles import EVERYTHING, Role

ROLES = (
    Role(
        "analyst",
        "Asks about everything that is published; personal values are masked.",
        airflow=("Viewer", "User", "Op"),
    ),
    Role(
        "steward",
        "Answers for personal data: sees all of it, to mend it and to answer the people that it is about.",
        personal=frozenset({EVERYTHING}),
        airflow=("Admin",),
    ),
)
