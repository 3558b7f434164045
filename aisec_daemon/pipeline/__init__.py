"""One step for live nodes, recordings and tests alike: snapshot in, tick out."""
