"""Boards that an emulator plays, for the tools that flash real ones. One emulator a file; the folder is the registry.

Each has ``PLACE``, where a tool finds the board, in the folder it is started in, and ``started(board, folder)``, which
runs it while a ``with`` block does, and gives the name of its serial port.
"""

from pathlib import Path

NAMES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__"))
SECONDS = 60.0  # that an emulator gets to start
