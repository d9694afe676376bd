"""What Neural4D declares of itself: its options, with their ranges, and its limits.

Standard library only, and loaded when Blender starts.
"""

from __future__ import annotations

from ...model.declaration import Declaration, Feature, ImageLimits, Option

#: The generations of its documents that a server may follow.
TODAY, OLDER, UNCLEAR = "1.5.4", "1.2", "unclear"
#: Fact: "none" where the server cuts nothing out of pictures.
MATTING = "matting"
#: Fact: "none" where the server makes no pictures of a prompt.
PICTURES = "pictures"
#: faceNum, by mesh_quality.
FACES = {"standard": (100_000, 500_000), "high": (500_000, 1_000_000), "extra_high": (500_000, 1_000_000)}
QUALITY = "high"
#: What the endpoints take that have no WEBP.
_PLAIN = ImageLimits(("PNG", "JPEG"), (256, 256), (6048, 8064), 10_000_000 - 1)

OPTIONS = (
    Option("mesh_quality", "Mesh Quality", "choice", QUALITY,
        "How fine the mesh is: standard has 100,000 to 500,000 faces, the others 500,000 to 1,000,000",
        choices=tuple(FACES)),
    Option("faceNum", "Face Count", "int", 0,
        "How many faces the service aims at, within the range of the quality; 0 for the most", minimum=0,
        maximum=1_000_000),
    Option("onlyGenerateMesh", "Mesh Only", "bool", False, "No textures at all"),
    Option("enableImageEnhancement", "Enhance Image", "bool", False,
        "The service improves the image first. In beta: has to be arranged with Neural4D", images_only=True),
    Option("style", "Chibi Style", "text", "",
        "Makes a cute figure of each image in this style. The tag has to be arranged with Neural4D first",
        images_only=True, image_limits=_PLAIN),
    Option("portrait_check", "Portrait Check", "choice", "auto",
        "Look for a person in the image before anything is spent; auto does it for chibi only",
        choices=("auto", "on", "off"), images_only=True, image_limits=_PLAIN),
    Option("modelKey", "Painter", "choice", "image-2",
        "What paints the picture that is made first", choices=("image-2", "nano_banana_pro"), pictures_only=True),
    Option("aspectRatio", "Aspect", "choice", "1:1",
        "Width to height of the picture that is made first", choices=("1:1", "16:9", "9:16", "4:3", "3:4"),
        pictures_only=True),
)  # fmt: skip

DECLARATION = Declaration(
    id="neural4d",
    name="Neural4D",
    url="https://alb.neural4d.com:3000",
    url_env="NEURAL4D_API_URL",
    key_env="NEURAL4D_API_TOKEN",
    features=frozenset(Feature) - {Feature.ACCOUNT} - {Feature.IMAGE_URL, Feature.VIEWS},
    other_urls=("https://api.neural4d.com",),
    ids=r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    sites=("neural4d.com", "cos.zmkj.com", "cos.zmkj.site"),
    max_variants=4,
    formats=("GLB", "BLEND", "FBX", "OBJ", "STL", "USDZ"),
    choice="cut-out",
    lost_answers=(
        "A prompt's job carries ids of ours: a server that has been seen to answer about such ids is asked for "
        "them, and the job is sent again only when it knows none. Everywhere else the balance tells: fallen means "
        "paid, the same for over a minute means not taken. Where it cannot tell, you are asked."
    ),
    keys_page="https://www.neural4d.com",
    terms_page="https://www.neural4d.com",  # no page of its own is documented for them
    options=OPTIONS,
    image_limits=ImageLimits(("PNG", "JPEG", "WEBP"), (256, 256), (6048, 8064), 50_000_000),
    max_images=16,
    max_pictures=4,
    max_references=6,
    life="In service in November 2026; its document 1.5.4 is of August 2026.",
)
