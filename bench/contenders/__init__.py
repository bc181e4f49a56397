"""One module per way to make the page: `draw` makes one certificate, what can be kept between them is kept."""
