"""Calls and messages that no proper client would send: a small run of `python -m benchmarks.fuzz`."""
