"""Changes of bytes, JSON, npy arrays, zips and safetensors, each along the structure that the format has."""

import io
import json
import random
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping

NUMBERS = (0, 1, -1, 2, 7, 255, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32, 2**63 - 1, -(2**63), 2**64, 10**30)
REALS = (0.5, -0.0, 1e308, -1e308, 5e-324, float("nan"), float("inf"))
TEXTS = ("", "dt", "x", "../x", "/etc/passwd", "a\0b", "\u202e", "*/", "%s%n", "{{ 7 }}", "\ud800", "loop", "9" * 5000)
Change = Callable[[random.Random, bytes], bytes]


def raw(draw: random.Random, data: bytes) -> bytes:
    """Bits, pieces and numbers, wherever they fall."""
    found = bytearray(data or b"\0")
    for _ in range(draw.choice((1, 1, 1, 2, 4, 16))):
        at = draw.randrange(len(found) + 1)
        match draw.randrange(6):
            case 0 if at < len(found):
                found[at] ^= 1 << draw.randrange(8)
            case 1:
                del found[at : at + draw.choice((1, 2, 8, 100, len(found)))]
            case 2:
                found[at:at] = draw.randbytes(draw.choice((1, 4, 30)))
            case 3:
                start = draw.randrange(len(found) + 1)
                found[at:at] = found[start : start + draw.choice((1, 8, 200))]
            case 4:
                size = draw.choice("BHIQ")
                number = struct.pack(f"<{size}", draw.choice(NUMBERS) % (1 << 8 * struct.calcsize(size)))
                found[at : at + len(number)] = number
            case _:
                found[at:] = b""
        if not found:
            return b""
    return bytes(found)


def text(draw: random.Random, data: bytes) -> bytes:
    """A JSON text whose data are changed, or one that is none."""
    if draw.random() < 0.1:
        return raw(draw, data)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return raw(draw, data)
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        found = _json(draw, found)
    try:
        return json.dumps(found).encode()
    except RecursionError:
        return data


def _json(draw: random.Random, item: object) -> object:
    """``item`` with one place in it changed."""
    if isinstance(item, list) and item and draw.random() < 0.92:
        k, copy = draw.randrange(len(item)), list(item)
        match draw.randrange(12):
            case 0:
                del copy[k]
            case 1:
                copy.insert(k, copy[draw.randrange(len(copy))])
            case 2:
                copy[k] = copy[draw.randrange(len(copy))]
            case _:
                copy[k] = _json(draw, copy[k])
        return copy
    if isinstance(item, dict) and item and draw.random() < 0.96:
        key, copy = draw.choice(list(item)), dict(item)
        match draw.randrange(16):
            case 0:
                del copy[key]
            case 1:
                copy[draw.choice(TEXTS)] = copy.pop(key)
            case 2:
                copy[key] = copy[draw.choice(list(item))]
            case _:
                copy[key] = _json(draw, copy[key])
        return copy
    if isinstance(item, int) and not isinstance(item, bool) and draw.random() < 0.5:
        return item + draw.choice((-1, 1, 2, -2))
    return _leaf(draw)


def _leaf(draw: random.Random) -> object:
    deep: object = 0
    for _ in range(draw.choice((2, 70, 300)) if draw.random() < 0.1 else 0):
        deep = [deep]
    plain = (None, True, [], {}, draw.choice(NUMBERS), draw.choice(REALS), draw.choice(TEXTS), deep)
    return draw.choice(plain)


def npy(draw: random.Random, data: bytes) -> bytes:
    """The header of an npy, or the numbers behind it."""
    if data[:6] != b"\x93NUMPY" or draw.random() < 0.1:
        return raw(draw, data)
    start = 10 + int.from_bytes(data[8:10], "little")
    header, body = data[10:start].decode("latin1"), data[start:]
    if draw.random() < 0.4:
        return data[:start] + _numbers(draw, body)
    old, new = draw.choice(
        (
            (
                "'<f8'",
                draw.choice(("'|O'", "'<f4'", "'>f8'", "'<c16'", "'<U9'", "'|V0'", "'<i8'", "'|b1'", "'<M8[s]'")),
            ),
            ("'<f4'", draw.choice(("'|O'", "'<f8'", "'<f2'", "'|V2'", "[('a', '<f4')]", "('<f4', (9999, 9999))"))),
            ("False", draw.choice(("True", "None", "0"))),
            ("'shape': (", f"'shape': ({draw.choice(NUMBERS)}, "),
            ("(", "(" * draw.choice((2, 50, 200))),
            ("}", f", 'more': {draw.choice(NUMBERS)}}}"),
        )
    )
    header = header.replace(old, new, 1)
    size = len(header).to_bytes(4, "little")[: draw.choice((2, 2, 2, 4))]
    return b"\x93NUMPY" + bytes((len(size) // 2, 0)) + size + header.encode("latin1") + body


def _numbers(draw: random.Random, body: bytes) -> bytes:
    for size in draw.sample("fd", 2):
        width = struct.calcsize(size)
        if len(body) >= width and len(body) % width == 0:
            at = draw.randrange(len(body) // width) * width
            value = draw.choice((*REALS[:2], -1.0, 1e30, float("nan"), float("-inf"), 0.0, -1e-30))
            return body[:at] + struct.pack(f"<{size}", value) + body[at + width :]
    return raw(draw, body)


def zipped(inner: Mapping[str, Change]) -> Change:
    """Entries changed by what their names end in, dropped, doubled, renamed, deflated; or a zip that lies."""

    def change(draw: random.Random, data: bytes) -> bytes:
        if draw.random() < 0.12:
            return raw(draw, data)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
        except Exception:  # a corpus file that is no zip any more
            return raw(draw, data)
        if not entries:
            return raw(draw, data)
        k = draw.randrange(len(entries))
        name, body = entries[k]
        match draw.randrange(14):
            case 0:
                del entries[k]
            case 1:
                entries.append((draw.choice(entries)[0], body))
            case 2:
                entries[k] = draw.choice(TEXTS).encode("utf-8", "replace").decode() or "x", body
            case 3:
                entries.append((f"extra{draw.choice(('.npy', '.pkl', ''))}", body))
            case 4:
                entries[k] = name, body + bytes(draw.choice((1, 1000, 1 << 20)))
            case _:
                found = next((f for end, f in inner.items() if name.endswith(end)), raw)
                entries[k] = name, found(draw, body)
        made = packed(entries, draw.random() < 0.2)
        return _lying(draw, made) if draw.random() < 0.1 else made

    return change


def packed(entries: list[tuple[str, bytes]], deflate: bool) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", 8 if deflate else 0) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, body in entries:
            archive.writestr(zipfile.ZipInfo(name.replace("\0", "")), body)
    return buffer.getvalue()


def _lying(draw: random.Random, data: bytes) -> bytes:
    """A size, offset, flag or method in the directory of the zip that is another."""
    found, at = bytearray(data), data.rfind(b"PK\x01\x02")
    if at < 0:
        return data
    field, width = draw.choice(((8, 2), (10, 2), (20, 4), (24, 4), (28, 2), (30, 2), (42, 4)))
    found[at + field : at + field + width] = (draw.choice(NUMBERS) % (1 << 8 * width)).to_bytes(width, "little")
    return bytes(found)


def safetensors(draw: random.Random, data: bytes) -> bytes:
    """The JSON header, its length, or the numbers."""
    length = int.from_bytes(data[:8], "little")
    if draw.random() < 0.1 or length > len(data):
        return raw(draw, data)
    header, body = data[8 : 8 + length], data[8 + length :]
    if draw.random() < 0.3:
        return data[: 8 + length] + _numbers(draw, body)
    header = text(draw, header)
    length = draw.choice(NUMBERS) % (1 << 64) if draw.random() < 0.1 else len(header)
    return length.to_bytes(8, "little") + header + body
