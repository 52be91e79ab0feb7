"""Hostile files: valid ones changed along their structure, and what every reader must do with them.

A reader accepts, or raises a ``LnnccError``. It never raises anything else, takes no longer than ``SECONDS`` and no
more than ``MEMORY`` bytes. ``python -m tests.fuzz`` tries many; ``tests/data/fuzz`` holds what was found, replayed
always.
"""

SECONDS = 5
MEMORY = 512 << 20
