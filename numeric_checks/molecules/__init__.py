"""Molecular data: files, units, fields, and the marked direction of an atom."""
