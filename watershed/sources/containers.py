"""Files that are not text, known by their first bytes, so that none is read as lines that nobody wrote.

A program's name on a file says little, and what is inside even less: an archive that is cut at its newlines is noise.
"""

import re
from typing import NamedTuple

HEAD_BYTES = 512  # of a tar archive's first header, the longest that is looked at

UNPACK = "unpack it and land the files in it"
PACK = "unpack it, or pack it with gzip instead, and land that"
EXPORT = "export its rows as text and land that"
CONVERT = "convert it to UTF-8 and land that"
REPLACE = "land the file that was meant"


class Container(NamedTuple):
    """What a file is, and what to do about it."""

    what: str
    cure: str


OFFICE = re.compile(rb"\[Content_Types\]\.xml|_rels/|mimetypeapplication/vnd\.oasis")
BINARY = rb".{0,60}?[\x00-\x08\x0e-\x1f\x80-\xff]"  # follows soon, or what begins with letters is text

SIGNS: tuple[tuple[bytes, str, str], ...] = (
    (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive", UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (rb"Rar!\x1a\x07", "a rar archive", UNPACK),
    (rb".{257}ustar(\0|  \0)", "a tar archive", UNPACK),
    (rb"MSCF\0{4}", "a cab archive", UNPACK),
    (rb"!<arch>\n", "an ar archive", UNPACK),
    (rb"\x1f\x8b", "another gzip file", "unpack it once and land that"),
    (rb"\xfd7zXZ\0", "an xz file", PACK),
    (rb"\x5d\0\0.", "an lzma file", PACK),
    (rb"LZIP[\0\1]", "an lzip file", PACK),
    (rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)", "a bzip2 file", PACK),
    (rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18", "a zstd file", PACK),
    (rb"\x04\x22\x4d\x18|\x02\x21\x4c\x18", "an lz4 file", PACK),
    (rb"\xff\x06\0\0sNaPpY", "a snappy file", PACK),
    (rb"\x89LZO\0", "an lzop file", PACK),
    (rb"\x1f[\x9d\xa0\x1e]", "a file of compress", PACK),
    (rb"PAR[1E]" + BINARY, "a Parquet file", EXPORT),
    (rb"ORC" + BINARY, "an ORC file", EXPORT),
    (rb"Obj\x01", "an Avro file", EXPORT),
    (rb"ARROW1\0\0|\xff{4}.{3}\0.{2}\0\0|FEA1" + BINARY, "an Arrow file", EXPORT),
    (rb"SQLite format 3\0", "an SQLite database", EXPORT),
    (rb".{8}DUCK.\0{7}", "a DuckDB database", EXPORT),
    (rb"PGDMP" + BINARY, "a dump of PostgreSQL", EXPORT),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", EXPORT),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook or document of an office program", EXPORT),
    (rb"ElfFile\0", "an event log of Windows", EXPORT),
    (rb"LPKSHHRH", "a journal of systemd", EXPORT),
    (rb"%PDF-", "a PDF document", REPLACE),
    (rb"\x89PNG\r\n\x1a\n|GIF8[79]a|\xff\xd8\xff|II\*\0|MM\0\*|RIFF.{4}WEBP", "a picture", REPLACE),
    (rb"\0\0\0.ftyp|\x1aE\xdf\xa3|RIFF.{4}(AVI |WAVE)|OggS\0|ID3[\2-\4]\0", "a picture, a film or a sound", REPLACE),
    (rb"\x7fELF", "a program", REPLACE),
    (rb"\xff\xfe\0\0|\0\0\xfe\xff|([^\0]\0{3}){2}|(\0{3}[^\0]){2}", "text in UTF-32", CONVERT),
    (rb"\xff\xfe|\xfe\xff|([^\0]\0){4}|(\0[^\0]){4}", "text in UTF-16", CONVERT),
)
ANY_SIGN = [(re.compile(sign, re.DOTALL), Container(what, cure)) for sign, what, cure in SIGNS]


def recognise_container(head: bytes) -> Container | None:
    """What the first HEAD_BYTES of a file show it to be; None where it may be text."""
    found = next((container for sign, container in ANY_SIGN if sign.match(head)), None)
    if found and found.what == "a zip archive" and OFFICE.search(head):
        return Container("a workbook or document of an office program", EXPORT)
    return found
