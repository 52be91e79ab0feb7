"""Seven shoulder exercises, told apart by a CfC and an LTC from the motion of a smart watch."""
