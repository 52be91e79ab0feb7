"""How fast a step is on this machine, beside JAX, ONNX Runtime and LiteRT, all measured in turn in one run."""
