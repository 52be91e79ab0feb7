"""A controller with irregular sampling: a CfC that holds an inverted pendulum upright, in float and in fixed point."""
