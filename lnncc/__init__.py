"""lnncc: liquid neural networks, from JAX to fixed-point C with the same bits on the desk and on the chip."""
