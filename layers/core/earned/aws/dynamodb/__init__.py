"""The tables: one module per kind of item. Reads by key are strongly consistent, reads of an index are not."""
