"""Writes while Drift fails: a small run of `python -m benchmarks.faults`."""
