"""The generated artwork of the certificate (`python -m tools.design`) and its preview."""
