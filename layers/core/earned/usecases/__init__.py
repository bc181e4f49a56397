"""What the functions do, one module each; collaborators are handed in."""
