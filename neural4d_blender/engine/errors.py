"""The one error hierarchy of the project: every failure a user can meet has a class here.

Standard library only. A service's adapter maps meanings to these classes, the transport maps
network trouble to them, and whoever shows one to a user has all four answers at hand: what
happened, what was kept, what it cost, what to do now. No message may ever hold a secret.
"""

from __future__ import annotations

from .error_base import ErrorTexts as ErrorTexts
from .error_base import Neural4DError as Neural4DError
from .process_errors import EngineStopped as EngineStopped
from .process_errors import EngineUnusable as EngineUnusable
from .process_errors import JobInterrupted as JobInterrupted
from .process_errors import JournalDamaged as JournalDamaged
from .process_errors import JournalMended as JournalMended
from .process_errors import JournalUnusable as JournalUnusable
from .process_errors import WorkedOnElsewhere as WorkedOnElsewhere
from .process_errors import WrongThread as WrongThread


def from_dict(told: ErrorTexts) -> Neural4DError:
    """The error of :meth:`Neural4DError.to_dict`'s form; of a class that is not known here, the base of all."""
    kind = globals().get(told["code"], Neural4DError)
    error: Neural4DError = kind(told["what"], told["remedy"])
    error.kept, error.cost = told["kept"], told["cost"]
    return error


class OnlineAccessOff(Neural4DError):
    """Blender's 'Allow Online Access' is off."""

    default_remedy = "Turn on Preferences > System > Network > Allow Online Access, then try again."


class KeyMissing(Neural4DError):
    """No key is set for the service."""

    default_remedy = "Enter the key in Preferences > Add-ons > Neural4D."


class KeyRejected(Neural4DError):
    """The service did not accept the key."""

    default_remedy = "Check the key in Preferences > Add-ons > Neural4D, press Test Key, then Retry."


class NotEnoughPoints(Neural4DError):
    """The balance does not cover the operation."""

    default_remedy = "Buy points at the service, then press Retry."


class CapReached(NotEnoughPoints):
    """The user's own spending limit for a job, or for a group of them, does not cover the operation."""

    default_remedy = "Raise the spending limit and generate again."


class BudgetUsedUp(NotEnoughPoints):
    """The batch's budget does not cover its next item."""

    default_remedy = "Continue the batch with a larger budget; nothing that was paid is paid again."


class NotFit(Neural4DError):
    """There is a model, and it is not fit for the use that was required of it."""

    default_remedy = "Look at its report, then use it all the same, or generate again."


class InvalidInput(Neural4DError, ValueError):
    """Something the user gave is wrong; refused before anything was sent or paid."""

    default_remedy = "Change the input and generate again."


class QuoteMissing(InvalidInput):
    """An agent's job came without a quote that it got for exactly this request, or with one that was used before."""

    default_remedy = "Ask for a quote, and generate with its id."


class QuoteExpired(QuoteMissing):
    """The quote is older than ten minutes, or the price has risen since."""


class UnsupportedFeature(InvalidInput):
    """The chosen service cannot do what was asked."""

    default_remedy = "Choose another service or leave that option out."


class TransportError(Neural4DError):
    """Base of all network trouble."""

    default_remedy = "Check the internet connection, then press Retry."


class ServiceUnreachable(TransportError):
    """No connection came about: the request certainly did not reach the service."""

    outage = True


class AnswerLost(TransportError):
    """The request went out and no answer came: the service may or may not have acted on it."""

    outage = True
    default_remedy = "Press Retry: the service is asked about the job before anything is sent again."


class ServiceBusy(TransportError):
    """The service asked to slow down (429, or 503 with Retry-After).

    Args:
        retry_after: seconds the service asked to wait, or None.
        noted: the wait is known to all other calls of the service, or is none of theirs.
        other_job: it is not too many requests: another job has to be over first, or what it cost has to be known.
    """

    default_remedy = "Wait a minute, then press Retry."

    def __init__(
        self,
        what: str,
        remedy: str = "",
        *,
        retry_after: float | None = None,
        noted: bool = False,
        other_job: bool = False,
    ) -> None:
        super().__init__(what, remedy)
        self.retry_after, self.noted, self.other_job = retry_after, noted, other_job


class HeldBack(ServiceBusy):
    """Nothing was sent: the service asked to slow down before, or another job's payment has to be known first."""


class ServiceDown(TransportError):
    """The service answered with a server error (5xx)."""

    outage = True
    default_remedy = "Wait a few minutes, then press Retry."


class UnexpectedAnswer(Neural4DError):
    """The answer is not what the service's document describes."""

    #: What the service said in it, where that may be why it took nothing.
    refusal: str = ""

    default_remedy = "Press Retry; if it stays so, report the text above to the project."


class OtherGeneration(Neural4DError):
    """The server follows other documents than was thought: nothing happened, and the same step is done once more."""


class RequestRefused(Neural4DError):
    """The service refused the request itself: what it asks for, by moderation, or for this account."""

    default_remedy = "Change what the message names, then generate again."


class JobNotFound(Neural4DError):
    """The service does not know the job."""

    default_remedy = "Press Retry to ask once more: nothing is sent or paid again."


class ModelNotFound(Neural4DError):
    """What was to be brought in is not there: the service shows no such model to this key, or a link has expired."""

    default_remedy = "Check the id, and that the key is of the account that made it, then press Retry, at no cost."


class SubmissionLost(Neural4DError):
    """The request was sent several times and the service has no record of any of them."""

    default_remedy = "Wait a few minutes, then press Retry."


class PaymentUnknown(Neural4DError):
    """A submission's answer is lost for good, and sending it again may be paid again."""

    default_remedy = "Look at the service's own page whether the model is there, before you press Retry."


class NoPortrait(Neural4DError):
    """The service sees no person in the image, or could not tell; the user may know better."""

    default_remedy = "Use another image, or go on with this one all the same (Retry)."


class CutoutFailed(Neural4DError):
    """The subject was not cut out of the image."""

    default_remedy = "Press Retry to upload the image again."


class GenerationFailed(Neural4DError):
    """The service accepted the job and failed to make the model."""

    default_remedy = "Rephrase the prompt or try again; ask the service about the points."


class ConversionFailed(Neural4DError):
    """The service could not convert the model to the wanted format."""

    default_remedy = "Press Retry to have it converted again; the GLB can be kept at no cost, with the disk button."


class DownloadFailed(TransportError):
    """The result could not be fetched whole; it is paid for and stays at the service."""

    default_remedy = "Press Retry: the download goes on and costs nothing."


class LinkExpired(DownloadFailed):
    """The pre-signed address of a result is no longer valid; a fresh one has to be asked for."""


class BrokenModel(Neural4DError):
    """A model file is damaged, empty, or not the format it claims to be."""

    default_remedy = "Press Retry to download it again at no cost; choose another variant if it stays so."


class UnsafeModel(BrokenModel):
    """A model file reaches for files outside itself or claims absurd sizes; it was not opened."""

    default_remedy = "Do not use this file; choose another variant or generate again."


class PreparerFailed(Neural4DError):
    """The background Blender that prepares the model crashed, hung or could not start."""

    default_remedy = "Press Retry: the download is kept and preparing it again costs nothing."


class ModelTooLarge(PreparerFailed):
    """The background Blender wanted more memory than it may have."""

    default_remedy = "Close other programs and press Retry: it costs nothing. Or place another variant, or format."


class NotConfined(PreparerFailed):
    """The system cannot confine what imports the model, and the user has asked not to import it then."""

    default_remedy = "Switch off Only in a Sandbox in the preferences, then press Retry, at no cost."


class CannotStart(PreparerFailed):
    """No background Blender can be started; a Blender that the model is for then imports it itself."""

    default_remedy = "Press Retry in Blender itself: it imports the model at no cost."


class DiskUnusable(Neural4DError):
    """A file or folder cannot be read or written: a full disk, missing rights, a folder that is gone."""

    outage = True
    default_remedy = "Free some space, or have the folder there and writable, then press Retry: nothing is paid twice."


class OutOfMemory(Neural4DError):
    """This computer has no memory left for what was to be done."""

    default_remedy = "Close other programs, then press Retry: nothing is paid twice."


class JobFailed(Neural4DError):
    """Raised by Job.wait(): the job ended without a model.

    Args:
        reason: the code of the error that ended it, one of the class names of this module.
    """

    def __init__(self, what: str, remedy: str = "", *, kept: str = "", cost: str = "", reason: str = "") -> None:
        super().__init__(what, remedy, kept=kept, cost=cost)
        self.reason = reason or self.code

    def __str__(self) -> str:
        return " ".join(text for text in (self.what, self.kept, self.cost, self.remedy) if text)

    @classmethod
    def from_dict(cls, told: ErrorTexts) -> JobFailed:
        """From the form that travels on the pipe."""
        return cls(told["what"], told["remedy"], kept=told["kept"], cost=told["cost"], reason=told["code"])
