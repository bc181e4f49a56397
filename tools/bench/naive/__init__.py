"""The service's main jobs as samples would have them done: an idempotency table, read-modify-write, plain WeasyPrint.

They know fewer rules than ours (no order, no videos, no attempts, no revocation), which makes them cheaper.
"""
