"""A watch that was deployed is worn in another way: its readout alone is retrained, and sent as new weights."""
