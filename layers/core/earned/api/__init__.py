"""The HTTP API: routes, their requests and their responses."""
