"""A certificate's content to a PDF, and PDFs to an export's ZIP."""
