"""Business rules of core.photo_documents."""

from watershed.quality.known import EARLIEST, PETABYTE, Known
from watershed.quality.rules import Rules, expect_between, expect_match

WIDEST = 100_000_000  # pixels, a hundred times the side of the largest mosaics


def build_rules(known: Known) -> Rules:
    return [
        expect_between("taken_at", None, known.latest, "taken_at is not after tomorrow", severity="info"),
        expect_between("uploaded_at", EARLIEST, known.latest, "uploaded_at is between 1990 and tomorrow"),
        expect_between("aperture_f_number", 0, 1000, "aperture_f_number is between 0 (unknown) and 1,000"),
        expect_between("exposure_s", 0, 86_400, "exposure_s is between 0 and 86,400"),
        expect_between("focal_length_mm", 0, 100_000, "focal_length_mm is between 0 (unknown) and 100,000"),
        expect_between("iso", 0, 10_000_000, "iso is between 0 (unknown) and 10,000,000"),
        expect_between("width_px", 1, WIDEST, "width_px is between 1 and 100 million"),
        expect_between("height_px", 1, WIDEST, "height_px is between 1 and 100 million"),
        expect_between("file_bytes", 0, PETABYTE, "file_bytes is between 0 and 10^15, a petabyte"),
        expect_match("content_sha256", "^[0-9a-f]{64}$", "content_sha256 is 64 hexadecimal digits"),
    ]
