"""The ways to make the page: `draw` of each module makes one certificate and keeps what it can between calls.

`reportlab_canvas` is shared by the two ways with ReportLab; `reportlab_guide` keeps only the parsed drawings.
"""
