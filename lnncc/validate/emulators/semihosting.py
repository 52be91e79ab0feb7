"""The host's side of semihosting, on files that exist in memory only: in.bin, out.bin and an exit status."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from io import BytesIO

REFUSED = -1
SOURCE, SINK = 1, 2
HANDLES = {b"in.bin": SOURCE, b"out.bin": SINK}


class Operation(IntEnum):
    """The calls that templates/firmware/semihosting.h makes."""

    OPEN = 0x01
    CLOSE = 0x02
    WRITE = 0x05
    READ = 0x06
    EXIT_EXTENDED = 0x20


Read = Callable[[int, int], bytes | bytearray]
Write = Callable[[int, bytes], None]


@dataclass(slots=True)
class Host:
    """Answers calls, whose arguments are of ``word`` bytes; ``status`` is None until the firmware exits."""

    request: bytes
    word: int = 4
    status: int | None = None
    source: BytesIO = field(init=False)
    sink: BytesIO = field(default_factory=BytesIO)

    def __post_init__(self) -> None:
        self.source = BytesIO(self.request)

    def written(self) -> bytes:
        return self.sink.getvalue()

    def call(self, operation: int, block: int, read: Read, write: Write) -> int:
        """The result of one call; ``block`` is the address of its arguments, ``read`` and ``write`` reach memory."""
        raw, word = read(block, 3 * self.word), self.word
        first, second, third = (int.from_bytes(raw[at : at + word], "little") for at in (0, word, 2 * word))
        match operation:
            case Operation.OPEN:
                return HANDLES.get(bytes(read(first, third)), REFUSED)
            case Operation.CLOSE:
                return 0
            case Operation.WRITE if first == SINK:
                self.sink.write(read(second, third))
                return 0
            case Operation.READ if first == SOURCE:
                data = self.source.read(third)
                write(second, data)
                return third - len(data)
            case Operation.EXIT_EXTENDED:
                self.status = second
        return REFUSED
