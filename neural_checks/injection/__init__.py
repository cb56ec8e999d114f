"""The spectral-injection experiment: run, controls, report, figures."""
