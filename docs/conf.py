"""The site of the documents: `make site`, in English and, below `de/`, the pages of Start and How to in German."""

from docutils import nodes
from sphinx.locale import init

project = html_title = "Strategic metals toolkit"
extensions = ["myst_parser"]
exclude_patterns = ["schema"]
html_theme = "furo"
html_theme_options = {"announcement": '<a href="de/index.html" hreflang="de">Deutsch</a>'}
html_static_path, html_css_files = ["static"], ["tables.css"]
html_copy_source = html_show_copyright = False
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # CSV has no colours
# Catalogues of sentences, and of the fields that `tools.docs` takes from those of the toolkit.
locale_dirs, gettext_compact = ["locale", "locale/fields"], "docs"
figure_language_filename = "{path}{basename}-{language}{ext}"


def setup(app):
    """Translates code blocks, which Sphinx takes for reStructuredText, by the same catalogue."""
    app.connect("doctree-read", translate_blocks)


def translate_blocks(app, document):
    """Each block with comments, in the language of the site."""
    catalogue, _ = init([app.srcdir / "locale"], app.config.language, "docs")
    for block in document.findall(nodes.literal_block):
        block.rawsource = catalogue.gettext(block.rawsource)
        block[:] = [nodes.Text(block.rawsource)]
