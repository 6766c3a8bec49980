"""The committed scripts and styles are those of the sources beside them, and name whose code is in them."""

import hashlib
import json
import re
from importlib.util import find_spec
from pathlib import Path

COCKPIT = Path(__file__).resolve().parents[2] / "watershed" / "cockpit"
WEB, STATIC = COCKPIT / "web", COCKPIT / "static"


def test_assets_are_built_from_the_sources() -> None:
    digest = hashlib.sha256()
    for path in ("build.mjs", "package-lock.json", *(f"src/{name.name}" for name in sorted((WEB / "src").iterdir()))):
        digest.update(f"{path}\n".encode() + (WEB / path).read_bytes())
    built = (STATIC / "built-from").read_text().strip()
    assert built == digest.hexdigest(), "in watershed/cockpit/web: npm ci && npm run build, then commit the files"


def test_licences_of_what_is_bundled_are_told() -> None:
    licences = (STATIC / "LICENSES.txt").read_text()
    wanted = set(json.loads((WEB / "package.json").read_text())["dependencies"]) - {"esbuild"}
    assert {name for name in wanted if f"{name} " not in licences} == set()


def test_airflow_keeps_choices_where_scripts_look_for_them() -> None:
    """The zone and the theme that somebody has chosen, in the browser; Airflow's pages are minified."""
    spec = find_spec("airflow")
    assert spec is not None and spec.submodule_search_locations
    built = Path(spec.submodule_search_locations[0]) / "ui/dist/assets"
    pages = "".join(path.read_text() for path in built.glob("index-*.js"))
    assert re.search(r"\w=`timezone`,", pages) and "storageKey:i=`theme`" in pages
    assert 'const KEPT = "timezone"' in (WEB / "src/viewer_zone.js").read_text()
    assert 'localStorage.getItem("theme")' in (WEB / "src/theme.js").read_text()


def test_assets_ask_nobody_else() -> None:
    """Nothing is fetched from elsewhere: no import or style from another address."""
    for path in STATIC.glob("*.css"):
        assert "//" not in path.read_text().replace("http://www.w3.org/", ""), path.name
    for path in STATIC.glob("*.js"):
        text = path.read_text()
        assert 'import("http' not in text and 'src="http' not in text, path.name
