"""Measurements on trained networks: the spectral-injection experiment."""
