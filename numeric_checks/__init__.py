"""Numerical observation of what the exact layer proves, and spectra of fields."""
