"""The paid request of a job that was sent last. Standard library only; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...errors import ErrorTexts


@dataclass
class Submission:
    """What the journal has of it before it goes out, and what is known of its answer.

    Args:
        number: 1 for the first time the request is sent, counted up by each new one.
        tickets: the uuids of our own that it carries.
        in_doubt: it went out, and whether it arrived is not known.
        paying_for: what it is: "" for the models, "pictures" for those to choose from.
        sent_at: when it went out (seconds since the epoch).
        balance_before: points there were before it.
        refusal: what the service said in an answer that names no model.
        refused: the error that its refusal is, in the form of ``Neural4DError.to_dict``, while it is not certain that
            nothing was taken: whoever stands between here and the service may have answered in its place.
        documented: that refusal is one that the service's documents have.
    """

    number: int = 0
    tickets: list[str] = field(default_factory=list)
    in_doubt: bool = False
    paying_for: str = ""
    sent_at: float = 0.0
    balance_before: float | None = None
    refusal: str = ""
    refused: ErrorTexts | None = None
    documented: bool = False

    def settle(self) -> None:
        """Whether it was taken is known, or is the user's to decide: nothing is asked about it any more."""
        self.in_doubt, self.refused, self.documented = False, None, False
