"""The cliff over a grid of networks, data and readouts: ``python -m neural_checks.sweep``."""
