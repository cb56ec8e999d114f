"""Readouts of equivariant features: coupled products, monomials, and the ridge fits of both."""
