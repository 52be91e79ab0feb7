"""Pieces of C text that templates ask for: numbers in lines, comments without surprises, a call that fits the page."""

import re
import textwrap

from lnncc.ir import Array
from lnncc.plan.calls import literal
from lnncc.plan.interface import CLIPPED
from lnncc.plan.program import Call
from lnncc.plan.records import RECORDS, Record

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
    """Rows of a table of C type ``kind`` as indented lines."""
    record = RECORDS.get(kind, Record((kind,), "{}", A_LINE))
    words = [record.form.format(*map(literal, row)) for row in values.reshape(len(values), -1).tolist()]
    lines = (words[i : i + record.a_line] for i in range(0, len(words), record.a_line))
    return "\n".join(INDENT + ", ".join(line) + "," for line in lines)


def call(statement: Call, depth: int, counted: str, kinds: str) -> str:
    """One call as a statement, continued where it would leave the page.

    If it returns a number, that goes where ``counted`` says, or ``kinds`` if its kind has a counter of its own.
    """
    line, counter = f"{statement.function}({', '.join(statement.arguments)})", statement.counter
    form = "{call};" if counter is None else counted if counter == CLIPPED else kinds
    line = form.format(call=line, counter=counter)
    lead = INDENT * depth
    wrapped = textwrap.wrap(line, WIDTH - len(lead), subsequent_indent=INDENT, break_long_words=False)
    return "\n".join(lead + part for part in wrapped)


def power(frac: int) -> str:
    """2**frac as a float literal of C; powers of two this small have exact decimals."""
    return f"{2.0**frac!r}f"
