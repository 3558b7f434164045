"""Which image a container runs, by files that its runtime leaves on the node; nobody is asked."""
