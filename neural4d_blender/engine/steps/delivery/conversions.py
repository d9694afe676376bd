"""A model in another format: asked for, and paid for, once, though it is asked about many times.

It is journaled before it is sent, with the balance before it. Where its answer is lost the service is simply asked for
the same again: by its documents that costs nothing where it has it already, so that the balance from before the first
time tells what it has cost.
"""

from __future__ import annotations

from contextlib import suppress

from ...errors import ConversionFailed, JournalUnusable, Neural4DError, UnexpectedAnswer
from ...model.job import Job
from ...model.server_facts import AT_ONCE, BOOKS
from ...services.base import Provider
from ...services.results import Conversion
from ...spending.purchase import Purchase
from ..context import Context
from ..paid_requests.paid_request import REFUSALS, is_documented, is_unsent


def ask_for_conversion(context: Context, job: Job, uuid: str, format: str, size_mm: float | None) -> Conversion:
    """convert(): a purchase the first time, free each time after.

    Raises:
        ConversionFailed: asking once more starts it anew.
    """
    provider, delivery = context.provider(job.provider), job.delivery
    key = f"{uuid} {format}" + ("" if size_mm is None else f" {max(2, round(size_mm))}")
    before = delivery.conversions.get(key)
    try:
        if before == "asked":
            return provider.convert(uuid, format, size_mm)
        quote, sent = provider.conversion_quote(), delivery.converting.get(key)
        with context.spending.purchase(provider, job, quote, repeated=before == "failed", sent=sent) as purchase:
            if quote.points != 0:
                delivery.converting[key] = sent or {"at": purchase.begun, "before": purchase.before}
            try:
                context.save(job)
                conversion = provider.convert(uuid, format, size_mm)
            except Neural4DError as error:
                unsent = isinstance(error, JournalUnusable) or is_unsent(error)
                balance = None if unsent else _read(context, provider)
                if (unsent and not sent) or _is_refused(provider, error, purchase, balance):
                    delivery.converting.pop(key, None)
                if unsent or not _is_paid(context, job, provider, purchase, balance):
                    raise
                conversion = Conversion(message=error.what)  # it has it, and will say so when it is asked again
            purchase.accepted = True
            delivery.converting.pop(key, None)
            delivery.conversions[key] = "asked"
            job.costs.book(quote.operation, purchase.expected, purchase.reserved)
            context.save(job)
        return conversion
    except ConversionFailed:
        delivery.conversions[key] = "failed"
        raise
    except UnexpectedAnswer as error:
        error.kept = context.kept_answer(job)
        raise


def _read(context: Context, provider: Provider) -> float | None:
    with suppress(Neural4DError):
        return context.spending.read(provider)
    return None


def _is_paid(context: Context, job: Job, provider: Provider, purchase: Purchase, balance: float | None) -> bool:
    """Whether the balance has fallen although no usable answer came, by more than other purchases can have cost."""
    if purchase.before is None or balance is None:
        return False
    gone = purchase.before - balance
    return gone > 0 and gone > context.spending.prices.others_cost(provider, job, purchase.begun)


def _is_refused(provider: Provider, error: Neural4DError, purchase: Purchase, balance: float | None) -> bool:
    """Whether the service has certainly not taken it: it says so, and would have booked it by now."""
    stands = balance is not None and balance == purchase.before and provider.server.get(BOOKS) == AT_ONCE
    return stands and isinstance(error, (ConversionFailed, *REFUSALS)) and is_documented(provider, error)
