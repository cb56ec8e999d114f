"""The cliff over a grid of networks, data and readouts: ``python -m neural_checks.sweep``.

:mod:`~neural_checks.sweep.config` reads a committed file into jobs; :mod:`~neural_checks.sweep.job`
trains and measures one; :mod:`~neural_checks.sweep.cluster` spreads them over workers;
:mod:`~neural_checks.sweep.tables` and :mod:`~neural_checks.sweep.figures` show what they found;
:mod:`~neural_checks.sweep.features` makes feature files of other packages' networks.
"""
