"""How fast a step is on this machine, beside JAX and ONNX Runtime, all measured in turn in one run."""
