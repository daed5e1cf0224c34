"""Charts as data: one module a kind of chart, from figures to Vega-Lite; `draw` makes it SVG."""
