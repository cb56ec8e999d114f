"""Functions on the sphere: harmonics in floating point, quadrature, and how exact they are."""
