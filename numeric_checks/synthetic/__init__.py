"""Targets of known angular frequency: one direction, where the boundary is dL, and a star."""
