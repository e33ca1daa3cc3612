"""Writes under faults: nothing may be lost, nothing doubled. `python -m benchmarks.faults` runs them."""
