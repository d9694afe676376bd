"""What CSM declares of itself: its options, which generation of its sessions knows each of them, and its limits.

Standard library only, and loaded when Blender starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UnsupportedFeature
from ...model.declaration import Declaration, Feature, Option

if TYPE_CHECKING:
    from ...model.request import Request

#: The generations, as they are noted of a server: today's sessions of /v3, and the older ones that go through spins.
V3, OLDER = "v3", "sessions"
PREVIEW, REFINE, RETOPOLOGY = "preview", "refine", "retopology"
#: The order in which views are sent, after the front.
VIEWS = ("left", "back", "right")

_TODAY, _OLDER_ONLY = "Today's CSM only", "Older servers only"
_BOTH = "The first servers pass it over"

#: What only servers with the older sessions know.
OLDER_OPTIONS = (
    Option("model_resolution", "Model Detail", "choice", "high",
        f"How fine the model is. {_OLDER_ONLY}", choices=("high", "low")),
    Option("pixel_alignment", "Pixel Alignment", "choice", "highest",
        f"How closely the model follows the image. {_OLDER_ONLY}", choices=("highest", "moderate", "lowest")),
    Option("preview_mesh", "Preview Mesh", "choice", "turbo",
        f"Turbo is quicker, HD is finer, Fast Sculpt has taken HD's place later. {_OLDER_ONLY}",
        choices=("turbo", "hd", "fast_sculpt")),
    Option("diffusion_time_steps", "Diffusion Steps", "int", 20,
        f"More of them bring more detail. {_OLDER_ONLY}", minimum=16, maximum=200),
    Option("auto_gen_3d", "All Stages at Once", "bool", False,
        "CSM goes through spins, preview and refined mesh by itself, and charges all of them at the start: no spin can "
        f"be chosen, and CSM is not told the size. {_OLDER_ONLY}"),
    Option("topology", "Topology", "choice", "",
        f"Triangles or quads. {_OLDER_ONLY}", choices=("", "tris", "quads"), enterprise=True),
    Option("resolution", "Polygons", "choice", "",
        f"Few faces or many. {_OLDER_ONLY}", choices=("", "low_poly", "high_poly"), enterprise=True),
    Option("texture_resolution", "Texture Size", "choice", "",
        f"Width and height of the textures in pixels. {_OLDER_ONLY}", choices=("", "128", "256", "512", "1024", "2048"),
        enterprise=True),
)  # fmt: skip
COMMON_OPTIONS = (
    Option("geometry_model", "Geometry", "choice", "", f"For the shape. {_BOTH}", choices=("", "base", "turbo")),
    Option("texture_model", "Textures", "choice", "",
        f"Colours, PBR or none. {_BOTH}", choices=("", "none", "baked", "pbr")),
)  # fmt: skip
#: What only today's CSM knows.
V3_OPTIONS = (
    Option("faces", "Face Count", "int", 0,
        "How many faces the service aims at, with Retopology those of its mesh; 0 has it choose. It is sent as CSM's "
        f"resolution. {_TODAY}", minimum=0, maximum=5_000_000),
    Option("symmetry", "Symmetry", "text", "",
        f"Sent as it is, such as auto; what else it may be is CSM's to say. {_TODAY}"),
    Option("seed", "Seed", "int", 0,
        f"The same seed, the same model; 0 draws one. {_TODAY}", minimum=0, maximum=2**31 - 1),
    Option("kit", "In Parts", "bool", False, f"A model in named parts, which hang below one object. {_TODAY}"),
    Option(RETOPOLOGY, "Retopology", "choice", "",
        "A clean mesh of few faces is made of the model, ordered and charged by itself: Swift has up to 8,000 faces, "
        f"Precision keeps more and takes up to an hour. {_TODAY}", choices=("", "swift", "precision"), unset="None"),
)  # fmt: skip
OPTIONS = (*V3_OPTIONS, *COMMON_OPTIONS, *OLDER_OPTIONS)

#: Of a feature: what is said of it at a server of the generation that lacks it.
_LACKING = {
    V3: {Feature.CHOICE: "Today's CSM offers no spins to choose from: it makes the model of the image at once."},
    OLDER: {
        Feature.TEXT: "This server of CSM makes no models from a prompt: it has the older sessions.",
        Feature.PICTURE: "This server of CSM makes no pictures of a prompt: it has the older sessions.",
        Feature.VIEWS: "This server of CSM takes one view of a thing: it has the older sessions.",
        Feature.BALANCE: "This server of CSM does not tell how many credits are left: it has the older sessions.",
    },
}

DECLARATION = Declaration(
    id="csm",
    name="CSM",
    url="https://api.csm.ai",
    url_env="CSM_API_URL",
    key_env="CSM_API_KEY",
    ids=r"[0-9a-f]{24}|SESSION_[0-9A-Za-z_]{1,80}",
    sites=("csm.ai",),
    features=frozenset(
        {
            Feature.TEXT,
            Feature.IMAGE,
            Feature.IMAGE_URL,
            Feature.CHOICE,
            Feature.PICTURE,
            Feature.VIEWS,
            Feature.PROGRESS,
            Feature.BALANCE,
            Feature.ACCOUNT,
        }
    ),
    reasons={Feature.PBR: "CSM decides by itself; its newer servers take the option texture_model."},
    formats=("GLB", "OBJ", "FBX", "USDZ"),
    keeps=("ZIP",),
    choice="spin",
    lost_answers=(
        "CSM takes no ids of ours, but today's CSM lists an account's sessions: the one new session that fits is the "
        "lost one; none, look after look, means not taken, and the job is sent again. Where several fit, the credits "
        "tell, and where those cannot, you are asked. Older servers without a list cannot tell, so you are asked. "
        "Preview and refined mesh are looked for in their session, a retopology in the list, and ordered again only "
        "when it shows that the order never arrived."
    ),
    keys_page="https://3d.csm.ai",
    terms_page="https://www.csm.ai/terms-and-conditions",
    key_header="x-api-key",
    unit="credits",
    options=OPTIONS,
    views=VIEWS,
    max_pictures=1,
    life=(
        "Google is reported to have bought CSM in January 2026; in November 2026 there is no sign that the service "
        "ended, and none that it runs."
    ),
)

#: Of a server with the older sessions that was seen to have no list of them.
NO_LIST = "This server of CSM has no list of the models of an account: it has the older sessions."


def lacking(feature: Feature, generation: str) -> str:
    """Why servers of that generation cannot do it; empty where they can, or nothing is known of the generation."""
    return _LACKING.get(generation, {}).get(feature, "")


def check(request: Request, generation: str) -> None:
    """Refuse what a server of that generation cannot do, before anything is paid.

    Raises:
        UnsupportedFeature: with what it is, and what to do.
    """
    prompt = bool(request.prompt.strip())
    wanted = {
        Feature.TEXT: prompt,
        Feature.VIEWS: bool(request.views),
        Feature.CHOICE: request.choose_cutout and not prompt,
    }
    for feature, is_wanted in wanted.items():
        if is_wanted and (why := lacking(feature, generation)):
            raise UnsupportedFeature(why, "Leave it out and generate again: nothing was sent.")
    others = OLDER_OPTIONS if generation == V3 else V3_OPTIONS
    given = [option.key for option in others if request.options.get(option.key, option.default) != option.default]
    if given:
        whose = "Today's CSM does not know" if generation == V3 else "This server of CSM has the older sessions without"
        what = "the option" if len(given) == 1 else "the options"
        raise UnsupportedFeature(
            f"{whose} {what} {' and '.join(given)}.",
            "Leave them at the service's own choice and generate again: nothing was sent.",
        )
