"""Draws a certificate's content as a PDF, and packs PDFs into an export's ZIP."""
