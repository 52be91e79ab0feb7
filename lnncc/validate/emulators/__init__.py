"""One emulator a file; the folder is the registry, a file's name the emulator's name in targets/*.toml.

Each has ``execute(job) -> bytes``, what the firmware wrote; one that can watch the machine has ``trace(job, count)``.
"""
