"""The spectrum and bandwidth of a per-atom field of molecular data."""
