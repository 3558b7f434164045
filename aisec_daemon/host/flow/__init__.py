"""Data flows of AI workloads: models and datasets that they have open, services they talk to."""
