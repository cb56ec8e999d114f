"""Polynomial readouts of equivariant features, fitted by ridge regression (T5)."""
