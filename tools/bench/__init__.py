"""How fast and how large our documents are beside those of other makers, all drawing the same page."""
