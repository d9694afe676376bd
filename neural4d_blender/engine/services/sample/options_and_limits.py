"""What the built-in samples declare of themselves, and which there are.

Standard library only, and loaded when Blender starts.
"""

from __future__ import annotations

from ...model.declaration import Declaration, Feature

#: The words that a prompt has to have one of.
SAMPLES = ("bird", "chair", "robot")

DECLARATION = Declaration(
    id="sample",
    name="Built-in Sample",
    url="",
    url_env="",
    key_env="",
    features=frozenset({Feature.TEXT, Feature.VARIANTS, Feature.PICTURE, Feature.PROGRESS}),
    formats=("GLB",),
    lost_answers="Nothing is sent, so no answer is lost.",
    keys_page="",
    terms_page="",  # the extension's own licence
    max_variants=2,
    max_pictures=2,
    built_in=True,
)
