"""Five everyday jobs, each scripted for three servers; played and counted by `python -m benchmarks.tokens`."""
