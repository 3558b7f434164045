"""Ground floor: arrays in, arrays out; knows no GPU. Every function has a slow twin in tests."""
