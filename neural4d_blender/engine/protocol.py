"""The messages between the host and the engine, and all else of the engine that the host may use.

Standard library only, and nothing that imports requests: Blender's own process loads this file.
A message is one JSON object a line, in UTF-8. The key travels here and nowhere else.

Commands (host to engine), told apart by ``"do"``:

==============  =====================================================================================
configure       ``services`` {id: {url, key}}, ``online`` bool, ``preparer`` argv, ``timing`` {name: s},
                ``adopt`` bool: go on with jobs of engines that are no more, ``imports``, ``agent_allowances`` {day: n}
quote           ``jobs``: [{``provider``, ``request``}] of an agent: answers ``quote``, what they cost
submit          ``job`` id, ``provider``, ``request``, ``target``, ``quote``: of an agent's, the id of its quote
submit_many     ``batch``: a BatchRecord, ``jobs``: [{``job``, ``provider``, ``request``, ``target``, ``item``}],
                ``request``: what a job's own request does not say, ``quote``: as ``submit``
stop_batch      ``batch`` id: nothing more is submitted
continue_batch  ``batch`` id, ``changes`` {budget, concurrency}: all that is not done; answers ``again``, how many
correct_batch   ``batch`` id, ``changes``, ``items`` {job: place}, and as ``submit_many``: its table has changed
batch           ``batch`` id: tells its jobs as events; answers ``batch``
batches         ``limit``; answers ``batches``
cancel, retry   ``job``. choose: ``job``, ``cutout``: go on with that picture
approve,decline ``job``, ``points``: it may go over an allowance, up to so many in all, or not; whichever engine has it
prepare         ``job``, ``variant``: prepare that variant too, and make it the job's own; ``anew``: what was prepared
                of it cannot be used, so it is made once more of the download
save            ``job``, ``variant``, ``format``, ``folder``, ``size_mm``: keep a file; answers ``save``, its id
prepared        ``job``, ``variant``, ``facts``: what came of the event ``prepare``
placed          ``job``, ``variant``, ``target``: it stands in the scene
list            ``limit``: answers ``jobs``, the newest of them
retarget        ``job``, ``target``: where it is to stand has changed; ``lost``: what stood of it is gone, and it is
                ready once more; refused where another Blender may have it; ``first``: refused where it has a target
dismiss         ``job``: no longer listed
balance         ``provider``. test_key: answers ``balance``, None where the service does not tell it
account         ``provider``, ``page`` (0 for the newest): answers ``models``, each as ``services.results.Listed``
                with the ``job`` that has it here, or empty; ``more``, whether there is a page after it; and ``jobs``
boxes           ``file``, a copy of a .blend: answers ``boxes``, each with name, collection and size_mm, in its time
draw_pictures   ``provider``, ``pictures`` {id: address, or a job's file}: answers small ``pictures`` {id: path}
asset           ``job``, ``variant``, ``folder``, ``name``, ``catalog``, ``description``, ``author``, ``tags``,
                ``properties``: write an asset of it there (see asset_library.py); answers ``path``, in its time
agents_jobs     answers ``jobs``, those of agents that were made within a day, whichever engine has them
follow          ``jobs`` {id: revision}: go on with those that an engine which is no more has left; answers ``jobs``,
                snapshots of those that were written since, and ``gone``, the ids that the journal does not have
find            ``job``: answers ``jobs``, that job's snapshot alone, empty where there is none
history         ``text``, ``provider``, ``states``, ``since``, ``until``, ``limit``, ``offset``, all of which may be
                left out (see history.py): answers ``jobs``, a page of snapshots with ``bytes``, and ``total``
audit           ``limit``: answers ``audit``: ``file``, ``count``, ``lines`` (the last ones), ``totals`` by whom,
                ``waiting`` lines, ``broken``: what is wrong with the first wrong line, ``line``: its place
totals          answers ``totals``: month, provider, jobs, points, bytes. noticed: the user knows what ``notice`` said
delete          ``job``: its files and what is known of it, less its cost; answers ``freed`` (bytes)
==============  =====================================================================================

A command may carry ``"tag"``; its answer is ``{"event": "answer", "tag": ..., "error": {...}|null, ...}``.

Events (engine to host), told apart by ``"event"``: ``hello`` (pid), ``job`` (job: a snapshot, with ``left``: true where
it is unfinished and not this engine's, as in ``find``), ``prepare`` (job, variant, values of a job file: no background
Blender can be started), ``balance`` (provider, balance), ``server`` (provider, facts: see server_facts.py), ``prices``
(prices, spent), ``batch`` (batch: a BatchRecord), ``usage`` (bytes), ``sandbox`` (holds: see blenders/confinement),
``notice`` (notice: a JournalMended, told before anything is sent), ``answer``, ``ended`` (error: why the engine cannot
start; the last event). A host that does not listen for long misses older snapshots of a job, never the newest one.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import services
from .errors import (
    AnswerLost,
    BrokenModel,
    BudgetUsedUp,
    EngineStopped,
    ErrorTexts,
    InvalidInput,
    JobFailed,
    JobInterrupted,
    KeyMissing,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    NotFit,
    OnlineAccessOff,
    UnsafeModel,
    UnsupportedFeature,
    WorkedOnElsewhere,
    WrongThread,
)
from .model.allowed_values import AXES, FILES, FORMATS, MAX_PROMPT, MIN_FACES, OF_GAMES, ORIGINS, REPAIRS
from .model.declaration import Declaration, Feature, ImageLimits, Option, Options, OptionValue, Quote
from .model.states import AGENTS, FREE_TO_CANCEL, IDLE, JOURNAL, SETTLED, UNFINISHED, State, VariantState, WaitsFor
from .services.sample.options_and_limits import SAMPLES

if TYPE_CHECKING:
    from .blenders.allowed_data import MODEL_CONSTRAINTS, MODEL_KINDS, MODEL_MODIFIERS, MODEL_NODES
    from .blenders.asset_catalogs import catalog_id
    from .blenders.job_file_format import AssetTexts, AssetWanted, PrepareValues, Properties
    from .blenders.prepared_file_hash import check_sealed, stamp_of
    from .blenders.shader_lengths import scale_lengths
    from .blenders.shared_names import GAME, blend_version
    from .files.file_type import file_type, format_by_ending
    from .files.provenance import moment, options_of, record_of, seed_of, who
    from .files.sidecar import embed, sidecar_of, write_sidecar
    from .http.redaction import Masker, without
    from .model.batch import BatchRecord
    from .model.inputs.image_header import ImageFacts, read_image_facts
    from .model.inputs.picture_end import check_whole
    from .model.inputs.web_addresses import check_url, host_of, is_web_address, name_in
    from .model.job import Job
    from .model.quality.facts import Facts
    from .model.quality.report import USES, Report, attribute_of
    from .model.request import Request
    from .policy.policy import Policy
    from .services.base import Provider
    from .services.results import Balance

__all__ = [
    "AGENTS", "AXES", "FILES", "FORMATS", "FREE_TO_CANCEL", "GAME", "IDLE", "JOURNAL", "MAX_PROMPT", "MIN_FACES",
    "MODEL_CONSTRAINTS", "MODEL_KINDS", "MODEL_MODIFIERS", "MODEL_NODES", "OF_GAMES", "ORIGINS", "REPAIRS", "SAMPLES",
    "SETTLED", "UNFINISHED", "USES", "AnswerLost", "AssetTexts", "AssetWanted", "Balance", "BatchRecord", "BrokenModel",
    "BudgetUsedUp", "Declaration", "EngineStopped", "ErrorTexts", "Facts", "Feature", "ImageFacts", "ImageLimits",
    "InvalidInput", "Job", "JobFailed", "JobInterrupted", "KeyMissing", "KeyRejected", "Masker", "Neural4DError",
    "NotEnoughPoints", "NotFit", "OnlineAccessOff", "Option", "OptionValue", "Options", "Policy", "PrepareValues",
    "Properties", "Report", "Request", "State", "UnsafeModel", "UnsupportedFeature", "VariantState", "WaitsFor",
    "WorkedOnElsewhere", "WrongThread", "attribute_of", "blend_version", "catalog_id", "check", "check_options",
    "check_sealed", "check_url", "check_whole", "conversion_estimate", "conversion_measured", "costs", "declaration",
    "declarations", "decode", "embed", "encode", "estimate", "file_type", "format_by_ending", "host_of",
    "is_web_address", "lacks", "makes", "measured", "moment", "most", "name_in", "name_of", "options_of",
    "read_image_facts", "record_of", "scale_lengths", "seed_of", "sidecar_of", "stamp_of", "unit_of", "who", "without",
    "write_sidecar",
]  # fmt: skip

#: Where the names are that Blender's start can do without: their modules are loaded with the first look at one.
_LATE = {
    **dict.fromkeys(("AssetTexts", "AssetWanted", "PrepareValues", "Properties"), "blenders.job_file_format"),
    "Balance": "services.results",
    "BatchRecord": "model.batch",
    "Facts": "model.quality.facts",
    **dict.fromkeys(("GAME", "blend_version"), "blenders.shared_names"),
    **dict.fromkeys(("ImageFacts", "read_image_facts"), "model.inputs.image_header"),
    "Job": "model.job",
    **dict.fromkeys(("Masker", "without"), "http.redaction"),
    **dict.fromkeys(("MODEL_CONSTRAINTS", "MODEL_KINDS", "MODEL_MODIFIERS", "MODEL_NODES"), "blenders.allowed_data"),
    **dict.fromkeys(("Report", "USES", "attribute_of"), "model.quality.report"),
    "Policy": "policy.policy",
    "Request": "model.request",
    "catalog_id": "blenders.asset_catalogs",
    **dict.fromkeys(("check_sealed", "stamp_of"), "blenders.prepared_file_hash"),
    **dict.fromkeys(("check_url", "host_of", "is_web_address", "name_in"), "model.inputs.web_addresses"),
    "check_whole": "model.inputs.picture_end",
    **dict.fromkeys(("file_type", "format_by_ending"), "files.file_type"),
    **dict.fromkeys(("moment", "options_of", "record_of", "seed_of", "who"), "files.provenance"),
    **dict.fromkeys(("embed", "sidecar_of", "write_sidecar"), "files.sidecar"),
    "scale_lengths": "blenders.shader_lengths",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_LATE[name]}", __package__), name)


def encode(message: dict[str, Any]) -> bytes:
    """One line for the pipe.

    UTF-8 has no half of a surrogate pair: one that stands for a byte of a path (PEP 383) arrives as it is, any
    other one, which Blender could not show, as U+FFFD.
    """
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        text = re.sub("[\udc80-\udcff]", lambda found: f"\\u{ord(found[0]):04x}", text)
        return re.sub("[\ud800-\udfff]", "\ufffd", text).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Read a line; ValueError where it is not one JSON object."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"not a message: {line[:80]!r}")
    return message


def declarations() -> list[Declaration]:
    """What each service can do, in the order they are shown; what is built in is none."""
    return [declared for declared in services.DECLARATIONS.values() if not declared.built_in]


def declaration(provider: str) -> Declaration:
    """One service's declaration; InvalidInput, naming those there are, where it is unknown."""
    return _service(provider).declaration


def _service(provider: str) -> type[Provider]:
    if provider not in services.PROVIDERS:
        raise InvalidInput(f"There is no service {provider!r}; there are: {', '.join(services.PROVIDERS)}.")
    return services.PROVIDERS[provider]


def _quotes(provider: str, request: Request) -> list[Quote]:
    """What is brought in costs nothing."""
    return [] if request.bring_in else _service(provider).quotes(request)


def unit_of(provider: str) -> str:
    """What a service calls its points; also of one that this version does not know."""
    return declaration(provider).unit if provider in services.PROVIDERS else "points"


def name_of(provider: str) -> str:
    """What a service is called; the id itself of one that this version does not know."""
    return services.DECLARATIONS[provider].name if provider in services.DECLARATIONS else provider


def estimate(provider: str, request: Request, measured: dict[str, int]) -> int | None:
    """Points the request is going to cost; None where the service documents no price and none was measured yet.

    Args:
        measured: real prices by ``provider:operation``, as the engine reports them; they go before
            the documented ones.
    """
    prices = [points for _, points in costs(provider, request, measured)]
    return None if None in prices else sum(price for price in prices if price is not None)


def costs(provider: str, request: Request, measured: dict[str, int]) -> list[tuple[str, int | None]]:
    """The same part by part, each with its operation: pictures that are made first, the submission, what follows."""
    quotes = _quotes(provider, request)
    return [(quote.operation, measured.get(f"{provider}:{quote.operation}", quote.points)) for quote in quotes]


def most(provider: str, request: Request, measured: dict[str, int]) -> int | None:
    """Points that caps and budgets reckon with: the price that was measured, else the highest documented one."""
    total = 0
    for quote in _quotes(provider, request):
        price = measured.get(f"{provider}:{quote.operation}", quote.points)
        if price is None:
            return None
        total += price if f"{provider}:{quote.operation}" in measured else max(price, quote.most or 0)
    return total


def makes(provider: str, request: Request) -> str:
    """The format that the service makes of the request by itself."""
    return _service(provider).makes(request)


def conversion_estimate(provider: str, measured: dict[str, int]) -> int | None:
    """Points that one conversion is going to cost; None where nobody knows."""
    quote = _service(provider).conversion_quote()
    return measured.get(f"{provider}:{quote.operation}", quote.points)


def conversion_measured(provider: str, prices: dict[str, int]) -> bool:
    """Whether the price of a conversion was measured, rather than documented alone."""
    return f"{provider}:{_service(provider).conversion_quote().operation}" in prices


def lacks(provider: str, feature: Feature, facts: Mapping[str, str]) -> str:
    """Why the service cannot do that, in a sentence; empty where it can.

    Args:
        facts: what is known of its server, as the event ``server`` tells it.
    """
    return _service(provider).lacks(feature, facts)


def measured(provider: str, request: Request, prices: dict[str, int]) -> bool:
    """Whether all prices of the request were measured, rather than documented alone."""
    quotes = _quotes(provider, request)
    return all(f"{provider}:{quote.operation}" in prices for quote in quotes)


def check(provider: str, request: Request, facts: Mapping[str, str] | None = None) -> None:
    """Refuse what cannot work, before anything is sent; InvalidInput or UnsupportedFeature.

    Args:
        facts: what is known of the service's server, as the event ``server`` tells it.
    """
    service = declaration(provider)
    request.check(service)
    _service(provider).check(request)
    if request.bring_in and request.format != service.native and conversion_estimate(provider, {}) != 0:
        raise UnsupportedFeature(f"{service.name} takes {service.unit} for a {request.format}; bringing in is free.")
    wanted = {
        Feature.PICTURE: request.picture_first,
        Feature.CHOICE: request.choose_cutout and not request.picture_first,
        Feature.VIEWS: request.views,
        Feature.SEVERAL_IMAGES: len(request.images) > 1,
        Feature.VARIANTS: request.variants > 1,
        Feature.PBR: request.pbr,
    }
    for feature in (feature for feature, asked_for in wanted.items() if asked_for):
        if why := lacks(provider, feature, facts or {}):
            raise UnsupportedFeature(why)


def check_options(provider: str, request: Request) -> None:
    """The same of the options alone, whether or not the prompt and the pictures are there yet; reads no file."""
    for key, value in request.options.items():
        declaration(provider).option(key).check(value)
    _service(provider).check(request)
