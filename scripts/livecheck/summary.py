"""The findings in plain sentences. Standard library and this package only."""

from __future__ import annotations

from .endpoints import TODAY
from .findings import Findings, Ids
from .spending import Cost

_ATTACH = (
    "Attach this folder's summary.md, summary.json and exchanges.jsonl to a report. The key, ids, signed addresses and "
    "the prompt are masked in them; the models need not go along."
)


def text(found: Findings, compared: str) -> str:
    """Markdown, short enough to be pasted.

    Args:
        compared: against what the answers were held, besides the documents, in a sentence.
    """
    parts = [
        (f"Live check of {found.name}", [f"At {found.url}."]),
        ("Which generation this is", [_generation(found)]),
        ("What cost nothing", found.free or ["Nothing could be asked."]),
        ("Ids of ours", ids(found.ids)),
        ("Models", [f"{step}: {words}" for step, words in found.jobs.items()] or ["No model was ordered."]),
        ("What it cost", _costs(found)),
        ("Left out", found.left_out),
        (
            "What differs",
            found.differences or ["Nothing: all answers are as the documents and the stand-in have them."],
        ),
        (
            "What to attach",
            [compared, _ATTACH],
        ),
    ]
    chapters = []
    for number, (title, lines) in enumerate(parts):
        if lines:
            chapters.append(
                "\n".join([f"{'#' if number == 0 else '##'} {title}", "", *(f"- {line}" for line in lines)])
            )
    return "\n\n".join(chapters) + "\n"


def _generation(found: Findings) -> str:
    if not found.generation:
        return "It could not be told."
    words = "today's (November 2026)" if found.generation == TODAY else "the one of 2024"
    facts = ", ".join(f"{name}: {value}" for name, value in sorted(found.facts.items()))
    noted = f" The product noted {facts}." if facts else ""
    return f"This is {words}: {found.how}.{noted}"


def ids(ids: Ids) -> list[str]:
    """Whether they come back, and whether the service knows them."""
    if not ids.sent:
        return ["None were sent: no prompt job was ordered, or this service takes none."]
    if ids.used:
        first = "They come back: the answer names the models by them."
    elif ids.back:
        first = "They come back in the answer, and the models have others."
    else:
        first = "They do not come back: the service names its own."
    if ids.known is None:
        return [first, "The service cannot be asked about them."]
    second = "The service knows them when it is asked." if ids.known else "The service does not know them when asked."
    if ids.used and not ids.known:
        second += " So its own word on them is wrong, and nothing can be proved by them."
    return [first, second]


def cost(cost: Cost, unit: str) -> str:
    """What a step really cost: the service's own word, the fall of the balance, the documents."""
    told = "the service names no price" if cost.told is None else f"the service says {cost.told} {unit}"
    if cost.fell is None:
        fell = "no balance tells more"
    elif cost.fell == 0:
        fell = "the balance has not fallen"
    else:
        when = f" late, {cost.after or 0:.1f} s after the answer" if cost.late else " at once"
        fell = f"the balance fell by {cost.fell}{when}"
    documented = "no document names one"
    if cost.documented is not None:
        other = f", or {cost.most} in 2024" if cost.most and cost.most != cost.documented else ""
        documented = f"documented are {cost.documented}{other}"
    return f"{cost.step}, {cost.operation}: {told}, {fell}, {documented}."


def money_differs(found: Findings) -> None:
    """Note where the service's word, the balance and the documents do not agree."""
    for one in found.costs:
        if one.told is not None and one.fell is not None and one.told != one.fell:
            found.differs(f"{one.step}: the service says {one.told} {found.unit}, and the balance fell by {one.fell}.")
        documented = (one.documented, one.most) if found.generation != TODAY else (one.documented,)
        if one.documented is not None and one.points not in (None, *documented):
            found.differs(f"{one.step}: it cost {one.points} {found.unit}; {one.documented} are documented.")
        if one.late and one.after is not None:
            found.differs(f"{one.step}: the balance showed the purchase {one.after:.1f} s late.")


def _costs(found: Findings) -> list[str]:
    lines = [cost(one, found.unit) for one in found.costs] or ["Nothing was bought."]
    if found.balance is not None and found.balance_after is not None:
        lines.append(f"The balance went from {found.balance} to {found.balance_after} {found.unit}.")
    if found.refusals:
        lines.append(f"The service asked to slow down {found.refusals} times; {found.waited:.0f} s were waited for it.")
    return lines
