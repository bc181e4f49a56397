"""The artwork of the certificate that is drawn by a program: see `python -m tools.design`."""
