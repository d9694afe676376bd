"""What ModelsLab declares of itself: its options, with their ranges and the service's defaults, and its limits.

Standard library only, and loaded when Blender starts.
"""

from __future__ import annotations

from ...model.declaration import Declaration, Feature, ImageLimits, Option

#: What the service decides where it is 0: its own default depends on the input.
_BY_INPUT = "; 0 for the service's own: {} of an image, {} of a prompt"
#: Options that mean something for a prompt alone.
OF_PROMPTS = frozenset({"negative_prompt", "guidance_scale", "num_inference_steps"})

#: With an image, those that enterprise keys alone have.
OF_ENTERPRISE = frozenset({"remove_bg", "foreground_ratio"})
#: All that servers of 2024 have.
OLDER = OF_ENTERPRISE | {"resolution", "chunk_size"}

OPTIONS = (
    Option("negative_prompt", "Negative Prompt", "text", "",
        "What the model is not to show; it counts for a prompt only"),
    Option("seed", "Seed", "int", 0,
        "The seed that the model is made with; 0 has the service draw one", minimum=0, maximum=2**31 - 1),
    Option("resolution", "Resolution", "int", 0,
        "Resolution of the model" + _BY_INPUT.format(256, 512), minimum=0, maximum=512),
    Option("ss_guidance_strength", "Structure Guidance", "float", 7.5,
        "How closely the first stage, which finds the shape, keeps to the input"),
    Option("ss_sampling_steps", "Structure Steps", "int", 0,
        "Steps of that stage, 1 to 50" + _BY_INPUT.format(12, 50), minimum=0, maximum=50),
    Option("slat_guidance_strength", "Detail Guidance", "float", 3.0,
        "How closely the second stage, which adds the detail, keeps to the input", minimum=0.0, maximum=10.0),
    Option("slat_sampling_steps", "Detail Steps", "int", 0,
        "Steps of that stage, 1 to 50" + _BY_INPUT.format(12, 50), minimum=0, maximum=50),
    Option("mesh_simplify", "Simplify Mesh", "float", 0.9,
        "How much of the mesh is simplified away", minimum=0.9, maximum=0.98),
    Option("guidance_scale", "Guidance Scale", "float", 3.0,
        "How closely the model keeps to the prompt; it counts for a prompt only"),
    Option("num_inference_steps", "Inference Steps", "int", 30,
        "Steps in which the model is made; it counts for a prompt only", minimum=1),
    Option("remove_bg", "Remove Background", "bool", False,
        "The service removes the background first; with an image, only older enterprise servers have this"),
    Option("foreground_ratio", "Foreground Ratio", "float", 0.85,
        "The part of the picture that the subject takes; with an image, only older enterprise servers have this, and "
        "by their document it counts without Remove Background", minimum=0.01, maximum=1.0),
    Option("chunk_size", "Chunk Size", "int", 8192,
        "The higher the better, says the service's document, without saying of what", minimum=1, maximum=12000),
    Option("render", "Render Video", "bool", False, "The service renders a video of the model too; it is not fetched"),
    Option("temp", "Temporary Files", "choice", "no",
        "The service keeps the model's files in a temporary folder", choices=("no", "yes")),
)  # fmt: skip

DECLARATION = Declaration(
    id="modelslab",
    name="ModelsLab",
    url="https://modelslab.com",
    url_env="MODELSLAB_API_URL",
    key_env="MODELSLAB_API_KEY",
    ids=r"[0-9]{1,20}",
    sites=("modelslab.com", "stablediffusionapi.com", "pub-3626123a908346a7a8be8d9295f44e26.r2.dev"),
    features=frozenset({Feature.TEXT, Feature.IMAGE, Feature.IMAGE_URL}),
    formats=("GLB", "OBJ", "STL"),
    chooses_format=True,  # the API of 2024 says nothing of formats
    lost_answers=(
        "The job carries the extension's own id as track_id, which the service cannot be asked for: it becomes "
        "PaymentUnknown at once and names the track_id, and is sent again only when you say so."
    ),
    keys_page="https://modelslab.com",
    terms_page="https://modelslab.com/terms-of-service",
    key_field="key",
    options=OPTIONS,
    # A picture goes in the request as text, under both names that the service's documents have for it.
    image_limits=ImageLimits(("PNG", "JPEG"), (16, 16), (4096, 4096), 8_000_000),
    life="Its documents are of May 2026 and could be read in November 2026.",
)
