"""Plausible bugs, each a small patch, that the simulator must find."""
