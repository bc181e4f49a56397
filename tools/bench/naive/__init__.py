"""The service's main tasks as code samples do them: an idempotency table, read-modify-write, plain WeasyPrint.

They implement fewer rules than ours (no order, videos, attempts or revocation), which makes them cheaper.
"""
