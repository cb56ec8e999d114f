"""Readouts of features, their metrics, intervals and verdicts."""
