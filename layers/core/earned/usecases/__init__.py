"""The use cases of the functions, one module each; the functions hand in the collaborators."""
