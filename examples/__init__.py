"""Complete examples: each trains a liquid network on real data and compiles it."""
