"""The share of certificates that compiled designs draw, and whether their bytes are those of WeasyPrint alone."""
