"""What fixed point costs in the task's own metric, on public data sets, beside what the liquid papers print."""
