"""What can be set about CSM, GoNeural and ModelsLab as they are today.

Standard library only; `settings` makes these fields its own and checks them.
"""

from __future__ import annotations

from dataclasses import dataclass

#: No document names a price: these are made up, and not 0 so that paying twice shows.
TODAY_PRICES = {
    "csm.image_to_3d": 20,
    "csm.multiview_to_3d": 25,
    "csm.text_to_image": 4,
    "csm.image_to_kit": 40,
    "csm.retopology": 10,
    "goneural.text": 35,
    "modelslab.text": 15,
    "modelslab.upload": 1,
}


@dataclass
class OtherSettings:
    """Times in seconds."""

    #: Where a result stands in CSM's v3 sessions: "meshes" (output.meshes[].data.glb_url), "flat"
    #: (output.mesh_url_glb) or "both". A kit's parts and a picture have one documented place each.
    csm_output: str = "meshes"
    #: Whether today's CSM still has the older /image-to-3d-sessions beside v3.
    csm_legacy: bool = False
    #: Whether the older sessions have a list already in 2024 (today they always have).
    csm_legacy_list: bool = False
    #: The order of CSM's lists, of which no document says anything: "newest" first, "unordered", or "moving": a session
    #: that is made between two looks moves the others, so that each page begins with the last one of the page before.
    csm_list_order: str = "newest"
    #: A picture that came in the request itself is shown by its address at the file host (url), or as it came (data).
    csm_input_shown: str = "url"
    #: Whether a row of today's list shows what the session has made.
    csm_list_output: bool = True
    #: Whether a complete session tells what it cost, in a field that no document names (credits_used).
    csm_price_told: bool = False
    #: GoNeural's result and spend: "output" (output.glb, creditUsed) or the older "urls" (urls.glb, creditsUsed).
    goneural_answer: str = "output"
    #: A task of today's GoNeural that is older than this and not done has failed.
    goneural_task_seconds: float = 300.0
    #: Whether today's GoNeural takes one task of each kind at a time, and how it refuses a second one.
    goneural_one_task: bool = True
    goneural_busy_status: int = 400
    #: Whether GoNeural's account has a subscription.
    goneural_subscribed: bool = False
    #: Which of ModelsLab's roots the key opens: "ordinary" (/api/v6), "enterprise" (/api/v1/enterprise) or "both".
    modelslab_key_kind: str = "ordinary"
    #: The picture's name at v6, whose document requires `image` and describes `init_image`: "either" of them,
    #: or exactly one.
    modelslab_v6_image: str = "either"
    #: Whether the account has the subscription that ModelsLab asks for; without it orders are a 403.
    modelslab_premium: bool = True
    #: A data URI as ModelsLab's picture: "refused" or "taken".
    modelslab_data_uri: str = "refused"
    #: Whether ModelsLab's results are GLB at an address that ends in .obj.
    modelslab_mislabelled: bool = False


TRUTHS = {
    "csm_legacy",
    "csm_legacy_list",
    "csm_list_output",
    "csm_price_told",
    "goneural_one_task",
    "goneural_subscribed",
    "modelslab_premium",
    "modelslab_mislabelled",
}
CHOICES: dict[str, tuple[str, ...]] = {
    "csm_input_shown": ("url", "data"),
    "csm_list_order": ("newest", "unordered", "moving"),
    "csm_output": ("meshes", "flat", "both"),
    "goneural_answer": ("output", "urls"),
    "modelslab_key_kind": ("ordinary", "enterprise", "both"),
    "modelslab_v6_image": ("either", "image", "init_image"),
    "modelslab_data_uri": ("refused", "taken"),
}
NOT_NEGATIVE = {"goneural_task_seconds": (int, float), "goneural_busy_status": int}
