"""What GoNeural declares of itself: its options, with their ranges, and its limits.

Standard library only, and loaded when Blender starts.
"""

from __future__ import annotations

from ...model.declaration import Declaration, Feature, Option

#: What stands for "the service decides", and is not sent. To the service a seed of 0 is none, too.
ANY_SEED, ANY_FACES = (-1, 0), (0,)

OPTIONS = (
    Option("asset_id", "Asset ID", "text", "",
        "Instead of an image: the id of an image asset that GoNeural's text-to-image has made", replaces_image=True),
    Option("negativePrompt", "Negative Prompt", "text", "",
        "What the model is not to show; it counts for a prompt only"),
    Option("seed", "Seed", "int", ANY_SEED[0],
        "The seed that the model is made with; -1 and 0 have the service draw one", minimum=ANY_SEED[0],
        maximum=2**31 - 1),
    Option("faceLimit", "Most Faces", "int", ANY_FACES[0],
        "The service makes no more faces than this; 0 has it choose the best number", minimum=ANY_FACES[0],
        maximum=2**31 - 1),
    Option("version", "Model Version", "choice", "premium-v1",
        "The version of the service's model; there is one at present", choices=("premium-v1",)),
)  # fmt: skip

DECLARATION = Declaration(
    id="goneural",
    name="GoNeural",
    url="https://api.goneural.ai",
    url_env="GONEURAL_API_URL",
    key_env="GONEURAL_API_KEY",
    features=frozenset({Feature.TEXT, Feature.IMAGE, Feature.PBR, Feature.BALANCE}),
    formats=("GLB",),
    ids=r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    sites=("goneural.ai",),
    lost_answers=(
        "The balance tells whether the job arrived: fallen means paid, the same for over a minute means not taken. "
        "Where it cannot tell, or the server tells no balance, the job becomes PaymentUnknown. Nothing is sent again "
        "until you say so."
    ),
    keys_page="https://goneural.ai",
    terms_page="https://goneural.ai",  # no page of its own is documented for them
    options=OPTIONS,
    unit="credits",
    life="The last sign of life that was found is of April 2025; its developers' pages could be read in November 2026.",
)
