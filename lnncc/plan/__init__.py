"""From an integer graph to what the C says: calls, tables, buffers and the interface."""

from lnncc.plan.layout import plan
from lnncc.plan.program import Plan

__all__ = ["Plan", "plan"]
