"""Sample certificates of a design folder (`make preview`)."""
