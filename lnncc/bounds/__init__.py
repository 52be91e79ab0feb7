"""bounds: how far the chip can ever be from the float model, proven where a proof is found."""
