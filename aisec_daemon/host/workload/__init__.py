"""AI workloads: which processes do AI work, by what they map, hold and run, not by their names."""
