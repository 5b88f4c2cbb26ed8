"""Time Wengert beside its peers, doing the same work: `python -m benchmarks` (see README.md)."""
