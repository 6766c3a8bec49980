"""Business rules of core.photo_documents."""

from watershed.quality.known import EARLIEST, PETABYTE, Known
from watershed.quality.rules import Rules, expect_between, expect_match

WIDEST = 100_000_000  # pixels, a hundred times the side of the largest mosaics


def build_rules(known: Known) -> Rules:
    return [
        expect_between("taken_at", None, known.latest, "a camera's clock is not in the future", severity="info"),
        expect_between("uploaded_at", EARLIEST, known.latest, "uploaded_at is between 1990 and tomorrow"),
        expect_between("aperture_f_number", 0, 1000, "an f-number is 0 (unknown) to 1000"),
        expect_between("exposure_s", 0, 86_400, "exposure_s is between 0 and 86,400"),
        expect_between("focal_length_mm", 0, 100_000, "a focal length is 0 (unknown) to 100 m"),
        expect_between("iso", 0, 10_000_000, "a sensitivity is 0 (unknown) to ten million"),
        expect_between("width_px", 1, WIDEST, "width_px is 1 to 100 million"),
        expect_between("height_px", 1, WIDEST, "height_px is 1 to 100 million"),
        expect_between("file_bytes", 0, PETABYTE, "file_bytes is 0 to 10^15, a petabyte"),
        expect_match("content_sha256", "^[0-9a-f]{64}$", "a content hash is 64 hexadecimal digits"),
    ]
