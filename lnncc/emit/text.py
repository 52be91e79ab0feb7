"""Pieces of C text that templates ask for: numbers in lines, comments without surprises, a call that fits the page."""

import re
import textwrap

from lnncc.ir import Array
from lnncc.plan.calls import NODE, literal
from lnncc.plan.program import Call

WIDTH = 100
A_LINE = 8  # numbers of a table
INDENT = "    "


def comment(label: str) -> str:
    """``label`` as a comment; it can end no comment, join no lines and start no trigraph, whatever it holds."""
    words = sentence(label)
    text = f"/* {words[:1].upper()}{words[1:]}. */"
    return "\n".join(textwrap.wrap(text, WIDTH, subsequent_indent=" * ", break_long_words=False))


def sentence(label: str) -> str:
    plain = re.sub(r"[^ -~]", "?", " ".join(label.split())).replace("\\", "/")
    return re.sub(r"(?<=\*)(?=/)|(?<=/)(?=\*)|(?<=\?)(?=\?)", " ", plain)


def numbers(values: Array, kind: str = "") -> str:
    """Rows of a table of C type ``kind`` as indented lines: integers eight a line, nodes four, synapses two."""
    rows = values.reshape(len(values), -1).tolist()
    single = len(rows[0]) == 1
    form = "LN_NODE({})" if kind == NODE else "{{{}}}"
    words = [literal(row[0]) if single else form.format(", ".join(map(literal, row))) for row in rows]
    step = A_LINE if single else A_LINE // 2 if kind == NODE else A_LINE // 4
    return "\n".join(INDENT + ", ".join(words[i : i + step]) + "," for i in range(0, len(words), step))


def call(statement: Call, depth: int) -> str:
    """One call as a statement, continued where it would leave the page."""
    line = f"{statement.function}({', '.join(statement.arguments)});"
    if statement.counts:
        line = f"s->clipped += {line}"
    lead = INDENT * depth
    wrapped = textwrap.wrap(line, WIDTH - len(lead), subsequent_indent=INDENT, break_long_words=False)
    return "\n".join(lead + part for part in wrapped)


def power(frac: int) -> str:
    """2**frac as a float literal of C; powers of two this small have exact decimals."""
    return f"{2.0**frac!r}f"
