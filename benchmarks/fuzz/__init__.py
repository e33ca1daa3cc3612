"""Calls and messages that no proper client would send. `python -m benchmarks.fuzz` makes them."""
