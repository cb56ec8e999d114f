"""The diagnosis of one network: measurement, advice, exact costs, view."""
