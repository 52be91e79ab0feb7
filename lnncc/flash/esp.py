"""Images that chips of Espressif start from, read: what esptool made is compared with the program before it is written.

The format is docs.espressif.com/projects/esptool, "Firmware Image Format": 8 bytes of header and 16 more on all chips
but the first, then segments, each with address and size, padding to 16 bytes with a checksum as the last, and SHA-256.
"""

import functools
import hashlib
import operator
import struct

MAGIC, CHECK_SEED = 0xE9, 0xEF
HEADER, SEGMENT = struct.Struct("<BBBBI"), struct.Struct("<II")
EXTENDED, HASHED_AT = 16, 23  # bytes; offset of the flag that says a hash is appended
DIGEST, UNIT = 32, 16


def read(image: bytes) -> dict[int, bytes]:
    """Segments by address, those that only fill up left out. Raises ValueError for what a boot loader would refuse."""
    try:
        magic, count, *_ = HEADER.unpack_from(image)
        if magic != MAGIC:
            raise ValueError("the image has no magic number")
        at, found = HEADER.size + EXTENDED, list[tuple[int, bytes]]()
        for _ in range(count):
            address, size = SEGMENT.unpack_from(image, at)
            at += SEGMENT.size + size
            found.append((address, image[at - size : at]))
        end = at + UNIT - at % UNIT
        check = image[end - 1]
        hashed = bool(image[HASHED_AT])
    except (struct.error, IndexError) as error:
        raise ValueError("the image is cut off") from error
    if check != functools.reduce(operator.xor, (byte for _, data in found for byte in data), CHECK_SEED):
        raise ValueError("the image's checksum is not that of its segments")
    if len(image) != end + (DIGEST if hashed else 0):
        raise ValueError(f"the image has {len(image)} bytes, its segments tell another number")
    if hashed and hashlib.sha256(image[:end]).digest() != image[end:]:
        raise ValueError("the image's SHA-256 is not that of its bytes")
    return {address: data for address, data in found if address != 0}
