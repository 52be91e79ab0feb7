"""Names that would break C, templates, paths, terminals or formats if any of these ever saw them."""

import random

PIECES = (
    '"', "'", "`", "*/", "/*", "//", "??/", "??=", "%:", "<:", "\\", "\\\n", "\n", "\r\n", "\t", "\0",
    "\x1b[2J", "\x7f", "\u202e", "\u2066", "\ufeff", "\u0430", "é", "日本", "😀", "%s", "%n", "%1$*2$d",
    "{{ 7*7 }}", "{% raw %}", "{#", "#}", "{0}", "${x}", "$(reboot)", ";", "&&", "|", "../", "/etc/passwd",
    "C:\\", "con", "..", ".", "~", "-rf", "#include <x>", "#error", "#define x", "\n#pragma", "int", "while",
    "return", "register", "_Static_assert", "asm", "__attribute__((x))", "main", "NULL", "x0", "s0", "y0", "c0",
    "m_step", "m_state", "LNN_ABI", "ln_dot", "int16_t", "dt", "h_next", "0", "1e9", "-1", "nan", "None", "[",
    "]", "(", ")", "}", "{", ",", "=", " ", "\u00a0", "\u2028", "__", "a" * 300, "*/ int x; /*",
    "*/}\nint y;{/*", "'); system(\"x\"); ('",
)  # fmt: skip


def names(seed: int, count: int) -> list[str]:
    """``count`` different names, none of them empty; the same for the same seed."""
    draw, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        made = "".join(draw.choices(PIECES, k=draw.choice((1, 1, 2, 3, 8))))
        found[made * (draw.choice((1,) * 60 + (40,)))] = None
    return list(found)
