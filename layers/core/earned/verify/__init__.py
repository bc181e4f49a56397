"""`python -m earned.verify certificate.pdf`: checks a certificate by its signed credential (N6).

It is for the people who are shown a certificate: no part of the service imports it, and no Lambda layer has it.
"""
