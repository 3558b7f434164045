"""Questions to the machine's own services: GET only, short, and only where the operator says so."""
