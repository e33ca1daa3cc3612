"""Speed, memory and size of this server beside two peers, in one run: `python -m benchmarks`."""
