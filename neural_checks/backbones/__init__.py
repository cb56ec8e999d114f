"""Networks that give equivariant features, energies and forces, and their files."""
