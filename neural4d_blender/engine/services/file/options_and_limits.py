"""What model files declare of themselves. Standard library only, and loaded when Blender starts."""

from __future__ import annotations

from ...model.allowed_values import FILES, FORMATS, MORE_FORMATS
from ...model.declaration import Declaration

DECLARATION = Declaration(
    id=FILES,
    name="Model File",
    url="",
    url_env="",
    key_env="",
    features=frozenset(),
    formats=FORMATS + MORE_FORMATS,
    chooses_format=True,
    lost_answers="Nothing is sent, so no answer is lost.",
    keys_page="",
    terms_page="",  # whoever made the file has them
    ids=r"(?s).+",  # its path
    built_in=True,
)
