"""What makes text of the host fit to leave the ground floor: no secrets, no control characters."""
