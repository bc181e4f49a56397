"""Bugs that somebody could write, each a small patch, and whether the simulator finds them."""
