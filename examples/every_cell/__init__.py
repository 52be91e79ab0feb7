"""Every liquid cell and source that lnncc takes, compiled and measured: the table in the README.

python -m examples.every_cell
"""
