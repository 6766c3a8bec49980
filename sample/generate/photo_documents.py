"""Documents about photos as cameras deliver them: nested, with fields that come, move and change over the days."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from watershed.synthetic.clock import draw_seconds, find_epoch, format_moment
from watershed.synthetic.dirt import Dirt
from watershed.synthetic.truth import SourceTruth, TableTruth

CAMERAS = [("Nokia", "808"), ("Apple", "iPhone 12"), ("Canon", "EOS R6"), ("FUJIFILM", "X-T4"), ("Huawei", "P9")]
TAGS = ["harbor", "night", "cat", "été", "夜景", "street", "b&w", "family"]
SIZES = [(4000, 3000), (3024, 4032), (6000, 4000), (1280, 720)]
SHARE_REPEATED = 0.05
SHARE_DIRTY = 0.02

DIRT = (
    Dirt("photo_documents", "malformed", b'{"id": "cut", "camera": {"maker": "Nok'),
    Dirt("photo_documents", "malformed", b"not a document"),
    Dirt("photo_documents", "malformed", b'{"id": "comma",}'),
    Dirt("photo_documents", "unreadable", b'{"id": "caf\xe9\xff"}'),
)


def write_photo_documents(folder: Path, days: Sequence[date], rows: int, seed: int) -> SourceTruth:
    """Write `rows` documents: each day one file of NDJSON, with dirt, and one JSON array. Returns the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = SourceTruth()
    for number, day in enumerate(days):
        rng = np.random.default_rng([seed, 7, number])
        share = rows * (number + 1) // len(days) - rows * number // len(days)
        documents = make_documents(rng, day, number, share)
        lines = [json.dumps(d, ensure_ascii=False).encode() for d in documents]
        half = len(lines) // 2
        array = repeat_some(rng, lines[:half], truth)
        stream = mix_in_dirt(rng, repeat_some(rng, lines[half:], truth), truth)
        (folder / f"photos-{day}.json").write_bytes(b"[" + b",\n".join(array) + b"]\n")
        (folder / f"photos-{day}.ndjson").write_bytes(b"".join(line + b"\n" for line in stream))
        count_documents(truth.tables["photo_documents"], documents, day)
        truth.objects += 2
        truth.lines += len(array) + len(stream)
    return truth


def make_documents(rng: np.random.Generator, day: date, number: int, count: int) -> list[dict[str, Any]]:
    """The distinct documents of the day whose number, from 0, decides how far the fields have drifted."""
    uploaded = np.sort(draw_seconds(rng, count)) + find_epoch(day)
    return [make_document(rng, f"{number:03}{i:06}", int(at), number) for i, at in enumerate(uploaded)]


def make_document(rng: np.random.Generator, name: str, uploaded: int, drift: int) -> dict[str, Any]:
    """One document. From the second day on the camera is an object, from the third there is a place."""
    owner = f"u{rng.integers(1, 500)}"
    maker, model = CAMERAS[rng.integers(0, len(CAMERAS))]
    width, height = SIZES[rng.integers(0, len(SIZES))]
    document: dict[str, Any] = {
        "id": f"1U{name}",
        "path": f"/st/{owner}/1U{name}.jpg",
        "owner": owner,
        "camera": f"{maker} {model}" if drift < 1 else {"maker": maker, "model": model},
        "settings": draw_settings(rng, drift),
        "taken_at": format_moment(uploaded - int(rng.integers(60, 86_400))),
        "uploaded_at": format_moment(uploaded),
        "size": {"width": width, "height": height, "bytes": int(rng.integers(100_000, 9_000_000))},
        "tags": [str(t) for t in rng.choice(TAGS, rng.integers(0, 4), replace=False)],
    }
    if drift >= 2:
        document["gps"] = {"lat": round(float(rng.uniform(-60, 70)), 5), "lon": round(float(rng.uniform(-180, 180)), 5)}
    return document


def draw_settings(rng: np.random.Generator, drift: int) -> Any:
    """`f/1.8; 1/120; 4.44mm; ISO271`, and the same as an object from the fourth day on."""
    f_number, length = round(float(rng.uniform(1.4, 16)), 1), round(float(rng.uniform(4, 200)), 2)
    per_second, iso = int(rng.integers(2, 4000)), int(rng.integers(50, 6400))
    if drift < 3:
        return f"f/{f_number}; 1/{per_second}; {length}mm; ISO{iso}"
    return {"aperture": f"f/{f_number}", "exposure": f"1/{per_second}", "focal_length": f"{length}mm", "iso": iso}


def repeat_some(rng: np.random.Generator, lines: list[bytes], truth: SourceTruth) -> list[bytes]:
    """The documents with some delivered twice in the same object."""
    repeated = [line for line in lines if rng.random() < SHARE_REPEATED]
    truth.tables["photo_documents"].deduplicated += len(repeated)
    return lines + repeated


def mix_in_dirt(rng: np.random.Generator, lines: list[bytes], truth: SourceTruth) -> list[bytes]:
    """The lines with bad ones among them."""
    drawn = [DIRT[i] for i in rng.integers(0, len(DIRT), round(len(lines) * SHARE_DIRTY))]
    for dirt in drawn:
        truth.tables[dirt.table].quarantined[dirt.reason] += 1
    mixed = lines + [dirt.text for dirt in drawn]
    return [mixed[i] for i in rng.permutation(len(mixed))]


def count_documents(table: TableTruth, documents: list[dict[str, Any]], day: date) -> None:
    sums = {"file_bytes": sum(d["size"]["bytes"] for d in documents), "tags": sum(len(d["tags"]) for d in documents)}
    table.add_rows(str(day), len(documents), **sums)
