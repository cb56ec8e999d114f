"""Sphinx configuration: ``sphinx-build -W -n docs docs/_build/html``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

# Filled while building; Sphinx asks for it before.
(HERE / "_generated" / "static").mkdir(parents=True, exist_ok=True)

from span_theorem import __version__  # noqa: E402

project = "span-theorem"
author = "The span-theorem developers"
copyright = "the span-theorem developers, MIT licence"
release = version = __version__

extensions = [
    "myst_nb",
    "sphinx_proof",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "strict_math",
    "map_page",
    "generated",
    "breaks",
    "notebooks",
    "pictures",
    "slim",
    "times",
]
exclude_patterns = ["_build", "_ext", "_generated", "jupyter_execute"]
nitpicky = True
# Types of other packages and type variables have no page here; names of ours must.
nitpick_ignore_regex = [
    ("py:class", r"(?!(span_theorem|numeric_checks|neural_checks)\.).*"),
    ("py:class", r".*\.[A-Z]"),
    ("py:class", r".*\._\w+\.\w+"),  # what a private class checks, in an annotation
]

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_block"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600  # by the clock, on a machine that others use too
nb_merge_streams = True
nb_render_markdown_format = "myst"  # the default knows no tables
html_math_renderer = "katex-strict"

html_theme = "furo"
html_title = "span-theorem"
# Pages of the reference link to its index; the list of all pages beside each would weigh megabytes.
html_sidebars = {"api/[ns]*": ["sidebar/brand.html", "sidebar/search.html"]}
html_static_path = ["_static", "_generated/static"]
html_css_files = ["site.css", "explorer.css"]
html_copy_source = False
html_search_scorer = str(HERE / "_ext" / "search_scorer.js")
html_show_sourcelink = False
html_use_index = html_domain_indices = False  # the search finds every name
proof_minimal_theme = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_mock_imports = ["torch", "nequip", "e3nn", "ase", "tblite", "matplotlib"]
