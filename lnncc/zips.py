"""The entries of a zip, none of which is unpacked before all that it claims was found to be modest."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError, KeyError, struct.error)
END = struct.Struct("<4s4H2LH")  # the record at the end: signature, 2 disks, 2 counts, size, start, length of a comment
LONGEST_COMMENT = 1 << 16
ENTRY = 512  # bytes of the directory that an entry with its name may take


def entries(
    file: IO[bytes], *, most: int, size: int, ratio: int | None = None
) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    """Entry by entry: at most ``most`` of them, of ``size`` bytes in sum, of distinct names, stored or deflated.

    ``ratio`` limits unpacked to packed bytes of each one.

    Raises:
        ValueError: for more than that, before anything is unpacked. Those of ``BROKEN`` for what is no zip.
    """
    _require_small_directory(file, most)
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if len(infos) > most or len({info.filename for info in infos}) < len(infos):
            raise ValueError(f"it has {len(infos)} entries, or two of one name")
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
            raise ValueError("it is packed in a way that models are not")
        swelling = ratio is not None and any(info.file_size > ratio * info.compress_size for info in infos)
        if swelling or sum(info.file_size for info in infos) > size:
            raise ValueError("it unpacks to more than a model can be")
        for info in infos:
            yield info, archive.read(info)


def _require_small_directory(file: IO[bytes], most: int) -> None:
    """zipfile reads the whole directory at once, whatever its size: ask the record at the end how large it is."""
    length = file.seek(0, 2)
    file.seek(max(0, length - LONGEST_COMMENT - END.size))
    tail = file.read()
    start = tail.rfind(b"PK\5\6")
    if start < 0 or len(tail) - start < END.size:
        raise zipfile.BadZipFile("it is no zip")
    directory = END.unpack_from(tail, start)[5]
    if directory > most * ENTRY or b"PK\6\7" in tail[max(0, start - 20) : start]:
        raise ValueError("its directory is larger than that of a model")
