"""A hall of people marked at once: on the local stack, and as a model of what AWS would make of it."""
