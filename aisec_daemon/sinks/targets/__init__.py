"""Where events go: a target a file, and the courier that takes them there."""
