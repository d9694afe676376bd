"""What a failure has cost and what is kept, in the words that the user reads."""

from __future__ import annotations

from ..errors import DiskUnusable, GenerationFailed, Neural4DError, OutOfMemory, UnexpectedAnswer
from ..model.job import Job
from ..protocol import unit_of


def unforeseen(error: Exception, stopped: str) -> Neural4DError:
    """What is told of an error that nobody has translated; ``stopped`` names what it was that it stopped."""
    if isinstance(error, OSError):
        return DiskUnusable(f"{error.filename or 'A file or folder'} cannot be used: {error.strerror or error}.")
    if isinstance(error, MemoryError) or "new thread" in str(error):
        return OutOfMemory(f"The computer has no memory left; that stopped {stopped}.")
    if isinstance(error, RecursionError):
        return UnexpectedAnswer("What was to be read is nested deeper than anything real.")
    return Neural4DError(
        f"An internal error stopped {stopped} ({type(error).__name__}).",
        "Press Retry; if it stays so, report this text, and engine.log in the folder for files.",
    )


def all_failed(job: Job) -> GenerationFailed:
    """The error of a job none of whose models came about."""
    reasons = {v.error["what"] for v in job.variants if v.error}
    return GenerationFailed(" ".join(sorted(reasons)) or "The service made no model.")


def cost_in_words(job: Job, error: Neural4DError) -> str:
    """What a job that ends with this error has cost, and whether Retry costs it again."""
    if job.submission.in_doubt:
        return "Not known yet: press Retry to ask the service."
    told = "Nothing was paid." if job.costs.free else _paid_in_words(job, error)
    return f"{told} Whether the conversion is paid is not known." if job.delivery.converting else told


def _paid_in_words(job: Job, error: Neural4DError) -> str:
    told, again = paid_in_words(job), job.primary is None if job.variants else not job.choice.picture_ids
    if job.costs.total is None:
        return f"{told} {'Retry is a new job and is paid again.' if again else 'Retry does not pay it again.'}"
    if again and not job.variants:
        return f"{told} Retry is a new job and is paid again."
    if again and isinstance(error, GenerationFailed):
        return f"{told} Whether the service gives them back is not known. Retry is a new job and is paid again."
    return f"{told} Retry does not pay them again."


def paid_in_words(job: Job) -> str:
    """What was paid for a job that is not free, as far as that is known."""
    costs = job.costs
    if costs.total is None:
        accepted = "The service accepted the job and does not say what it costs."
        return "It may have been paid before, by a submission whose answer is lost." if costs.unsure else accepted
    paid = f"{costs.total} {unit_of(job.provider)} were paid{' (estimated)' if costs.estimated else ''}"
    if costs.unsure:
        return f"{paid}, and more may have been by a submission whose answer is lost."
    if any(entry["points"] is None for entry in costs.spent):
        return f"{paid} for a part of it, and what the rest cost is not known."
    return f"{paid}."


def paid_so_far(job: Job) -> str:
    """The same of a job that is given up before the service has accepted it, and is not free."""
    if job.choice.picture_ids:
        return "What is made so far is paid for: Retry goes on with it, and does not pay that again."
    return "What was paid for it before, or may have been, stays paid: Retry sends it, and pays, again."


def cost_of_refused(job: Job, error: Neural4DError, *, stands: bool) -> str:
    """The same where the service has refused a paid request, and is not known to book at once: that it was free is
    its word alone.

    Args:
        stands: the balance is what it was before.
    """
    seen = "the balance stands where it stood" if stands else "no payment was seen"
    before = f"{cost_in_words(job, error)} " if not job.costs.free else ""
    return f"{before}The service refused the request, and {seen}."


def cost_of_lost(job: Job, points: int) -> str:
    """The same of a job that was probably paid, and whose answer is lost for good."""
    unit = unit_of(job.provider)
    in_all = f", {job.costs.total} in all" if job.costs.total != points else ""
    return f"{points} {unit} were probably paid{in_all}. Retry would be a new job: {points} are paid again then."


def kept_in_words(job: Job) -> str:
    """What of a failed job is still there."""
    if job.of_file:
        return "The file is where it was."
    if any(v.model for v in job.variants):
        return "The downloaded model is kept."
    if job.primary or any(v.error and v.error["code"] != "GenerationFailed" for v in job.variants):
        return "The model stays at the service."
    if job.choice.picture_ids and job.choice.cutouts:
        return "The pictures, the prompt and all settings are kept."
    return "The prompt and all settings are kept."
