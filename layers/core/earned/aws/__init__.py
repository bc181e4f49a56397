"""Adapters: one module per AWS service."""
