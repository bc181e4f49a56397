"""One module per way to make the page: `draw` makes one certificate, what can be kept between them is kept.

But `reportlab_canvas` is what the two ways with ReportLab share, and `reportlab_guide` keeps only what was read.
"""
