"""Charts as data: one module a kind of chart, from figures to an altair specification; `draw` makes it SVG."""
