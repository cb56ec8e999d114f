"""A small protein with classical forces: a peptide from its sequence, under Amber14 in OpenMM."""
