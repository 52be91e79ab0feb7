"""One emulator a file; the folder is the registry, a file's name the emulator's name in targets/*.toml.

Each has ``check(machine)``, which raises if it is not installed, ``execute(job) -> bytes``, what the firmware wrote,
and one that can watch the machine has ``trace(job, count)`` or, if it counts by itself, ``count(job, count)``.
One whose serial line can be reached has ``serve(elf, machine, line, seconds)``, a context that gives the terminal.
"""
