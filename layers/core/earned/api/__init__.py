"""The HTTP API's routes, each with the rows of the access table that it is (DESIGN §5)."""
