"""The store in one SQLite file: everything that is SQLite's own."""
