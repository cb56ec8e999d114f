"""The ceiling dL of polynomial readouts, observed on random equivariant features (T4 to T6)."""
