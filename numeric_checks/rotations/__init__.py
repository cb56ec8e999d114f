"""Rotations: Wigner matrices of real features, Haar samples and exact quadrature on SO(3)."""
