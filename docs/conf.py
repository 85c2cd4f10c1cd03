"""How the manual's site is made (`make docs`): Sphinx reads the Markdown of docs/ as it lies there.

The source directory is the repository's root, so that the pages' links out of docs/ (to
systemd/README.md, device/card.toml) are the same here and where the repository is read.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import mermaidx
from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[1]

project = "Challng"
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
language = "en"

root_doc = "docs/index"
include_patterns = ["docs/**", "systemd/README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
exclude_patterns = ["build", ".*", "tests", "server", "device", "drivers", "protocol", "hardware"]
extensions = ["myst_parser", "sphinx_external_toc"]
external_toc_path = "docs/nav.yml"

# As on the pages of a repository: headings can be linked to, and a fence may hold a drawing.
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
highlight_language = "none"

html_theme = "sphinx_book_theme"
html_title = "Challng"
html_static_path = ["theme"]
html_css_files = ["manual.css"]
html_logo = html_favicon = "../server/portal/static/card.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None
html_theme_options = {
    "show_navbar_depth": 1,
    "max_navbar_depth": 3,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "logo": {"text": "Challng"},
    "navbar_persistent": [],
}


class Mermaid(SphinxDirective):
    """A drawing in Mermaid's words, drawn when the site is built: no script goes into the page."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Put the drawing into the page as an SVG."""
        svg = mermaidx.render("\n".join(self.content), theme="neutral").svg()
        return [nodes.raw("", f'<div class="drawing">{svg}</div>', format="html")]


def outside(app: Sphinx, page: nodes.document) -> None:
    """Make a link to a folder, or to a page that the manual leaves out, the name of what it is."""
    here = Path(app.env.doc2path(app.env.docname)).parent
    for link in list(page.findall(pending_xref)):
        is_folder = link["reftype"] == "myst" and (here / link["reftarget"]).is_dir()
        is_left_out = link["refdomain"] == "doc" and link["reftarget"] not in app.env.found_docs
        if is_folder or is_left_out:
            link.replace_self(nodes.literal("", link.astext()))


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of the drawings, and of the file kinds that have no colours."""
    app.add_directive("mermaid", Mermaid)
    app.connect("doctree-read", outside)
    for name in ("pam", "sshd"):
        app.add_lexer(name, TextLexer)
    return {"parallel_read_safe": True}
