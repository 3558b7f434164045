"""The inventory: rows of tables that are kept, from the journal or read now, for people."""
