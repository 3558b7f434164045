"""Programs that use a GPU: what they map, where their files lie, what they pretend to be."""
