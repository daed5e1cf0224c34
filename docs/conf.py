"""The site of the documents: `make site`."""

project = html_title = "Strategic metals toolkit"
extensions = ["myst_parser"]
exclude_patterns = ["schema"]
html_theme = "furo"
html_static_path, html_css_files = ["static"], ["tables.css"]
html_copy_source = html_show_copyright = False
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # CSV has no colours
