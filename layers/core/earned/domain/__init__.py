"""The rules and the words they are written in: standard library only, no AWS, clock or environment."""
