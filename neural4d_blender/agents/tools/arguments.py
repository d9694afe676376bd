"""The types of the tools' arguments, with what an agent is told of each. Loaded with pydantic, which the SDK brings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ...engine.protocol import MAX_PROMPT, REPAIRS, declarations

_SERVICES = [service.id for service in declarations()]

JobId = Annotated[
    str, Field(description="id of a job of this agent", examples=["54078587-7fdd-49c5-9fe6-317d22f27098"])
]
Service = Annotated[
    str,
    Field(description="id of a service, see the tool services", json_schema_extra={"enum": _SERVICES}),
]
Prompt = Annotated[
    str, Field(description="what to make, in a few words", max_length=MAX_PROMPT, examples=["a wooden chair"])
]
Image = Annotated[
    str, Field(description="picture to make the model of instead, in a folder for agents", examples=["mug.png"])
]
Views = Annotated[
    dict[str, str] | None,
    Field(description="further pictures of the same thing, by side", examples=[{"left": "left.png"}]),
]
References = Annotated[
    list[str] | None, Field(description="pictures that the one goes by which picture_first makes", max_length=16)
]
Count = Annotated[int, Field(ge=1, le=16)]
SizeMm = Annotated[
    float | None, Field(description="millimetres along the axis, exact to 0.1 %", gt=0, examples=[900.0])
]
Axis = Annotated[Literal["X", "Y", "Z", "LONGEST"], Field(description="what size_mm is measured along; Z is up")]
Origin = Annotated[Literal["BOTTOM", "CENTER", "AUTHORED"], Field(description="where the object's origin goes")]
MaxFaces = Annotated[int | None, Field(description="at most this many faces", ge=4)]
Repairs = Annotated[
    list[str] | None,
    Field(description="what is to be put right", json_schema_extra={"items": {"enum": [*REPAIRS], "type": "string"}}),
]
Use = Annotated[Literal["", "render", "game", "print"], Field(description="what the model has to be good for")]
Options = Annotated[
    dict[str, Any] | None,
    Field(description="the service's own options, by key", examples=[{"mesh_quality": "high"}]),
]
Name = Annotated[str, Field(description="name of the object", max_length=63)]
Quote = Annotated[str, Field(description="id that the tool quote gave; good once, for ten minutes")]
File = Annotated[str, Field(description="a file in a folder for agents", examples=["models/chair.glb"])]
Blend = Annotated[str, Field(description="a .blend in a folder for agents", examples=["room.blend"])]
Boxes = Annotated[
    list[str] | None,
    Field(
        description="names of boxes in it, see the tool boxes: the first gets the model, the others copies",
        max_length=50,
    ),
]
Seat = Annotated[Literal["FLOOR", "WALL", "CEILING", "MIDDLE"], Field(description="what of its box a model touches")]
Folder = Annotated[str, Field(description="a folder for agents, or one in it", examples=["models"])]
Seconds = Annotated[float, Field(description="how long to wait at most", ge=0, le=3600)]
Limit = Annotated[int, Field(description="how many at the most", ge=1, le=100)]
