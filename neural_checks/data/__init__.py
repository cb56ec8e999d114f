"""Data of the experiments: splits, published archives, trajectories of our own."""
