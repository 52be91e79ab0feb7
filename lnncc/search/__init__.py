"""The search for formats: which weights take 8 bits and how large each table is, under a budget of error or flash."""

from lnncc.search.auto import choose
from lnncc.search.fit import fitting
from lnncc.search.problem import Measured, Problem, measure, pose
from lnncc.search.solvers import Option, cheapest, offered

__all__ = ["Measured", "Option", "Problem", "cheapest", "choose", "fitting", "measure", "offered", "pose"]
