"""The rules and their vocabulary: standard library only, no AWS, clock or environment."""
