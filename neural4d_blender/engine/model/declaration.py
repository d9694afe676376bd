"""What a service declares of itself: all that the panel, the command line and the Python API are built from.

Standard library only: Blender's own process reads declarations, so nothing here may import requests.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, dataclass_transform

from ..errors import InvalidInput, UnsupportedFeature
from .inputs import image_header, picture_end


@dataclass_transform(frozen_default=True)
class _Values:
    """Values of fixed names, given in their order or by name, which nothing changes afterwards.

    What a dataclass or a named tuple does by writing code for each class, at a tenth of what enabling the extension
    takes: this is a part of Blender's start.
    """

    def __init__(self, *values: Any, **named: Any) -> None:
        names = type(self).__annotations__
        given = dict(zip(names, values, strict=False)) | named
        missing = [name for name in names if name not in given and not hasattr(type(self), name)]
        if missing or given.keys() - names.keys() or len(given) < len(values) + len(named):
            raise TypeError(f"{type(self).__name__} takes {', '.join(names)}; it was given {', '.join(given)}.")
        self.__dict__.update(given)

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed.")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(getattr(self, next(iter(type(self).__annotations__))))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.as_dict().items())})"

    def as_dict(self) -> dict[str, Any]:
        """All values by name, in their order."""
        return {name: getattr(self, name) for name in type(self).__annotations__}


class Feature(StrEnum):
    """Something that one service can do and another cannot."""

    TEXT = "text"
    IMAGE = "image"  # a file, or an image that Blender holds
    IMAGE_URL = "image_url"  # the web address of a picture, which the service itself fetches
    SEVERAL_IMAGES = "several_images"
    VARIANTS = "variants"
    CHOICE = "choice"  # pictures to choose from before the model is made of one
    PICTURE = "picture"  # pictures made of the prompt first, and the model of one of them
    VIEWS = "views"  # several pictures of the same thing, from its sides
    PBR = "pbr"  # a switch for roughness, metallic and normal maps
    PROGRESS = "progress"
    BALANCE = "balance"
    FILE_SIZE = "file_size"  # a file to keep may have a size that is not the job's
    ACCOUNT = "account"  # the models that an account has can be listed


#: What is said of a feature that a service lacks, unless its declaration has a reason of its own.
_LACKING = {
    Feature.TEXT: "{name} makes no models from a prompt.",
    Feature.IMAGE: "{name} makes no models from image files.",
    Feature.IMAGE_URL: "{name} takes no web addresses of images: download the image and choose the file.",
    Feature.SEVERAL_IMAGES: "{name} makes a model of one image at a time.",
    Feature.VARIANTS: "{name} makes one model a job.",
    Feature.CHOICE: "{name} offers no pictures to choose from.",
    Feature.PICTURE: "{name} makes no pictures of a prompt first.",
    Feature.VIEWS: "{name} makes a model of one view of a thing.",
    Feature.PBR: "{name} has no switch for PBR textures.",
    Feature.PROGRESS: "{name} tells no progress; it is estimated by time.",
    Feature.FILE_SIZE: "{name} makes files in the size of the job alone.",
    Feature.BALANCE: "{name} does not tell how many {unit} are left.",
    Feature.ACCOUNT: "{name} has no list of the models of an account.",
}


#: A value of a service's own option, and such values by their options' keys.
OptionValue = str | int | float | bool
Options = dict[str, OptionValue]


class Option(_Values):
    """A setting that only this service has.

    Args:
        key: its name in Python and on the wire.
        kind: "int", "float", "bool", "choice" or "text".
        minimum, maximum: inclusive limits of a number.
        choices: the allowed texts of a "choice". unset: what the empty one of them is called.
        help: one sentence for the tooltip.
        images_only: means nothing for a prompt.
        enterprise: the service takes it from enterprise accounts only.
        replaces_image: names a picture that the service has already; given, no other input may be.
        pictures_only: means something only where a picture is made first.
        image_limits: what is sent as a picture where this is set; None for the service's own.
    """

    key: str
    label: str
    kind: str
    default: OptionValue
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unset: str = "As the Service Chooses"
    images_only: bool = False
    enterprise: bool = False
    replaces_image: bool = False
    pictures_only: bool = False
    image_limits: "ImageLimits | None" = None

    def check(self, value: object) -> None:
        """Raise InvalidInput, with the limits, where the value does not fit."""
        if self.kind == "choice" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # a choice among numbers
        types: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
        fits = isinstance(value, types.get(self.kind, (str,))) and isinstance(value, bool) == (self.kind == "bool")
        if fits and isinstance(value, int | float):
            fits = (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)
        if not fits or (self.choices and value not in self.choices):
            raise InvalidInput(f"The option {self.key} takes {self.limits}, not {value!r}.")

    @property
    def limits(self) -> str:
        """What it takes, in words."""
        if self.choices:
            return ", ".join(choice or "nothing" for choice in self.choices)
        if self.minimum is None and self.maximum is None:
            return {"bool": "True or False", "text": "a text"}.get(self.kind, f"any {self.kind}")
        if self.maximum is None:
            return f"{self.kind}, {self.minimum} or more"
        return f"{self.kind}, {self.minimum} to {self.maximum}"


class ImageLimits(_Values):
    """What a service takes as a picture.

    Args:
        formats: "PNG", "JPEG", "WEBP".
        smallest, largest: (width, height) in pixels, inclusive. max_bytes: inclusive.
    """

    formats: tuple[str, ...]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    max_bytes: int

    def check(self, path: str) -> None:
        """Raise InvalidInput, with the numbers, where the picture file does not fit, or is not all there."""
        facts, name = image_header.read_image_facts(path), Path(path).name
        picture_end.check_whole(path)
        if facts.format not in self.formats:
            raise InvalidInput(f"{name} is a {facts.format} picture; the service takes {', '.join(self.formats)}.")
        size = (facts.width, facts.height)
        for limit, off, word in (
            (self.smallest, any(a < b for a, b in zip(size, self.smallest, strict=True)), "least"),
            (self.largest, any(a > b for a, b in zip(size, self.largest, strict=True)), "most"),
        ):
            if off:
                raise InvalidInput(f"{name} is {size[0]} x {size[1]} pixels; {limit[0]} x {limit[1]} are the {word}.")
        if facts.size_bytes > self.max_bytes:
            raise InvalidInput(f"{name} is {facts.size_bytes:,} bytes long; {self.max_bytes:,} are the most.")


class Declaration(_Values):
    """All that panel, command line and Python API need to know of a service.

    Args:
        id: its name in Python. ``name``: for people.
        url: default base address; ``url_env`` and ``key_env`` name the environment variables.
        features: what it can do. ``reasons``: why it lacks one, where there is more to say than that.
        formats: what can be imported; the first one is what it makes, and costs nothing extra.
        keeps: formats that can be kept as a file besides those.
        chooses_format: there are servers of it that take any of ``formats``, whatever is asked for.
        image_limits: what is sent fits these; a service that documents none gets what any server takes.
        choice: what the pictures to choose from are called ("cut-out", "spin"); empty where there are none.
        lost_answers: what can be proved of a request whose answer was lost, in a sentence.
        keys_page: where a user gets a key. terms_page: where the service says what its models may be used for.
        key_header: the header that carries the key; ``Authorization`` carries it as a Bearer token.
        key_field: the field of the JSON body that carries the key instead of a header.
        unit: what the service calls its points.
        other_urls: further addresses of the service, for where the first one cannot be reached.
        views: names of the further sides of which it takes pictures, beside the front.
        max_pictures, max_references: of a picture that is made first.
        life: what is known of the service's life, with the month, in a sentence.
        ids: what the id of a model looks like there, as a regular expression; empty where a model that was made
            elsewhere cannot be asked for. sites: the hosts of its pages and results, less what stands before them.
        built_in: no service at all: its models come with the extension, or are files of the user's, so it needs no
            network, address or key, and is listed nowhere among the services.
    """

    id: str
    name: str
    url: str
    url_env: str
    key_env: str
    features: frozenset[Feature]
    formats: tuple[str, ...]
    lost_answers: str
    keys_page: str
    terms_page: str
    options: tuple[Option, ...] = ()
    image_limits: ImageLimits = ImageLimits(("PNG", "JPEG"), (16, 16), (8192, 8192), 20_000_000)
    max_images: int = 1
    max_variants: int = 1
    keeps: tuple[str, ...] = ()
    chooses_format: bool = False
    choice: str = ""
    key_header: str = "Authorization"
    key_field: str = ""
    unit: str = "points"
    other_urls: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    max_pictures: int = 0
    max_references: int = 0
    life: str = ""
    ids: str = ""
    sites: tuple[str, ...] = ()
    built_in: bool = False
    reasons: Mapping[Feature, str] = MappingProxyType({})

    def can(self, feature: Feature) -> bool:
        """Whether the service has the feature."""
        return feature in self.features

    def lacks(self, feature: Feature) -> str:
        """Why the service cannot do that, in a sentence; empty where it can."""
        if self.can(feature):
            return ""
        return self.reasons.get(feature) or _LACKING[feature].format(name=self.name, unit=self.unit)

    def require(self, feature: Feature) -> None:
        """Raise UnsupportedFeature, with the reason, where the service lacks the feature."""
        if why := self.lacks(feature):
            raise UnsupportedFeature(why)

    def limits_of(self, options: Mapping[str, OptionValue]) -> ImageLimits:
        """What is sent as a picture with these options."""
        for option in self.options:
            if option.image_limits and options.get(option.key, option.default) != option.default:
                return option.image_limits
        return self.image_limits

    @property
    def native(self) -> str:
        """The format that the service makes."""
        return self.formats[0]

    def option(self, key: str) -> Option:
        """The option of that name; UnsupportedFeature, naming those there are, otherwise."""
        for option in self.options:
            if option.key == key:
                return option
        there_are = ", ".join(option.key for option in self.options) or "none"
        raise UnsupportedFeature(f"{self.name} has no option {key!r}; it has: {there_are}.")


class Quote(_Values):
    """What an operation is going to cost.

    Args:
        operation: the name its real price is kept under.
        points: as documented; None where the service's documents name no price.
        most: what it costs at the most by any document, where that is more: what caps reckon with until the price
            was measured.
    """

    operation: str
    points: int | None
    most: int | None = None
