"""`make import`: a portal's history as events, from a CSV file or JSON lines."""
