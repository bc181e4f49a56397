"""Certificates for a learning portal, issued exactly when they are earned."""
