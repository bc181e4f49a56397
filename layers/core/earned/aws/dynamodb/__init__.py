"""The tables: one module per kind of item."""
