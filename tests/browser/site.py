"""A site to look at: a lake with real and generated data, published, and Airflow with a user of every role on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState, ViewportSize, expect, sync_playwright

from sample.demo import SAMPLE
from sample.generate import generate_data
from watershed.cli.run_here import run_here
from watershed.flows.ingest.land import land_file
from watershed.settings import read_setting
from watershed.stack.airflow_api import AirflowApi

CHROMIUM = "/usr/bin/chromium"  # of Debian's packages
ROLES = ("Viewer", "User", "Op", "Admin")
PASSWORD = "only-for-this-test"
DAYS = (date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 6), date(2024, 3, 7))
MISSING = DAYS[2]  # whose streaming log never came
WINDOW: ViewportSize = {"width": 1400, "height": 900}
WATCHED = "core.watch_minutes"


@dataclass(frozen=True)
class Site:
    """Airflow with the cockpit in it, and a browser."""

    airflow: AirflowApi
    browser: Browser
    pictures: Path
    known: dict[str, StorageState] = field(default_factory=dict)

    def open(self, role: str, dark: bool = False) -> "Visitor":
        """A window of somebody with this role, who has logged in through Airflow's form, the first time by now."""
        context = self.browser.new_context(
            viewport=WINDOW,
            color_scheme="dark" if dark else "light",
            storage_state=self.known.get(role),
            timezone_id="UTC",
        )
        context.set_default_timeout(60_000)  # milliseconds: the first page of a web server copies the ledger
        visitor = Visitor(self, context.new_page())
        if role not in self.known:
            visitor.log_in(name_visitor(role))
            self.known[role] = context.storage_state()
        return visitor


@dataclass(frozen=True)
class Visitor:
    """A person at a window of Airflow."""

    site: Site
    page: Page

    def log_in(self, user: str) -> None:
        self.page.goto(f"{self.site.airflow.url}/auth/login/")
        self.page.fill("input[name=username]", user)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("input[type=submit], button[type=submit]")
        self.page.wait_for_url(lambda url: "/auth/login" not in url, wait_until="commit")  # Airflow's own page is large

    def visit(self, address: str) -> Page:
        """A page of the cockpit by itself, without Airflow's window around it. Fails on any error status."""
        answer = self.page.goto(f"{self.site.airflow.url}/watershed/{address}")
        assert answer is not None and answer.ok, f"{address}: {answer and answer.status}"
        return self.page

    def take_pictures(self, name: str) -> None:
        """In both themes."""
        for theme in ("dark", "light"):
            self.page.emulate_media(color_scheme=theme)
            self.take_picture(f"{name}_{theme}")

    def take_picture(self, name: str) -> None:
        """Kept for people to look at; README shows some."""
        self.page.wait_for_load_state("networkidle")
        self.page.screenshot(path=self.site.pictures / f"{name}.png")


@contextmanager
def open_browser() -> Iterator[Browser]:
    expect.set_options(timeout=60_000)  # milliseconds: the first question of a web server starts who answers it
    with sync_playwright() as playwright:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


def listen(page: Page) -> list[str]:
    """What the browser complains of from now on."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("response", lambda answer: complaints.append(f"{answer.status} {answer.url}") if not answer.ok else None)
    return complaints


def name_visitor(role: str) -> str:
    """Not `admin`: that is who the other tests are."""
    return f"{role.lower()}-visitor"


def make_users(airflow: AirflowApi) -> None:
    """A user of every role, by the API of Airflow's auth manager."""
    for role in ROLES:
        name = name_visitor(role)
        about = {"username": name, "email": f"{name}@example.com", "first_name": role, "last_name": "Test"}
        body = about | {"roles": [{"name": role}], "password": PASSWORD}
        answer = airflow.client.post("/auth/fab/v1/users", json=body)
        assert answer.is_success or answer.status_code == 409, answer.text


def fill_lake(folder: Path) -> None:
    """Logs, ratings and documents, published in this process; of one day the streaming log never came."""
    assert read_setting("bucket").startswith("lake"), "this is somebody's real lake"
    generate_data(folder, DAYS, 6_000, 1)
    withheld = {path for path in (folder / "watch_logs").iterdir() if f"{MISSING}" in path.name}
    assert withheld, f"the generator wrote no log of {MISSING}"
    arrivals = {
        "ratings_files": [*(SAMPLE / "ratings_files").iterdir(), *(folder / "ratings_files").iterdir()],
        "access_logs": [*(SAMPLE / "access_logs").iterdir()],
        "photo_documents": [*(SAMPLE / "photo_documents").iterdir(), *(folder / "photo_documents").iterdir()],
        "watch_logs": sorted(set((folder / "watch_logs").iterdir()) - withheld),
    }
    for source, paths in arrivals.items():
        for path in sorted(paths):
            land_file(source, path)
        run_here(f"ingest_{source}")
    run_here("build_marts")
