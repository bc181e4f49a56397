"""The engine: one thread, virtual time, and the faults that strike calls, messages and processes."""
