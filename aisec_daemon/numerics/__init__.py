"""Ground floor: arrays in, arrays out; knows no GPU. Every fast function has a slow twin in tests."""
