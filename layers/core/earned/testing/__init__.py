"""The service in one process for tests: those of a portal, through the pytest fixture `earned`, and our own."""
