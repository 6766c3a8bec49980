"""Who answers for a table, and how they are reached. Contracts, SQL files and DAGs name one of these."""

from watershed.declarations.owners import Owner

OWNERS = (
    Owner(
        "accounts",
        "Users and what they are called, as the application's database has them",
        email="accounts@photos.example",
        chat="https://chat.photos.example/accounts",
        on_call="https://oncall.photos.example/accounts",
    ),
    Owner(
        "data-platform",
        "The lake itself: Airflow, the servers, marts as such, and every table that is new",
        email="data-platform@photos.example",
        chat="https://chat.photos.example/data-platform",
        on_call="https://oncall.photos.example/data-platform",
    ),
    Owner(
        "photos",
        "Photos, what devices say of them, and what cameras deliver",
        email="photos@photos.example",
        chat="https://chat.photos.example/photos",
        on_call="https://oncall.photos.example/photos",
    ),
    Owner(
        "recommendations",
        "Models, what they learn from and what they predict",
        email="recommendations@photos.example",
        chat="https://chat.photos.example/recommendations",
    ),
    Owner(
        "streaming",
        "Films, who watches and rates them, and the players",
        email="streaming@photos.example",
        chat="https://chat.photos.example/streaming",
        on_call="https://oncall.photos.example/streaming",
    ),
    Owner(
        "web-platform",
        "The web servers and their logs",
        email="web-platform@photos.example",
        chat="https://chat.photos.example/web-platform",
        on_call="https://oncall.photos.example/web-platform",
    ),
)
