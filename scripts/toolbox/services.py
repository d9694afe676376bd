"""The tables of docs/services.md, made of the services' declarations: `python3 -m scripts.toolbox.services`.

Imports the extension's declarations, which are standard library only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from neural4d_blender.engine.model.declaration import Declaration, Feature, Option
from neural4d_blender.engine.protocol import Request, declarations
from neural4d_blender.engine.services import PROVIDERS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "services.md"
BEGIN, END = "<!-- made by scripts/toolbox/services.py: begin -->", "<!-- end -->"


def tables(services: list[Declaration]) -> str:
    """Markdown: what each service can do, and the options of each."""
    head = ["", *(service.name for service in services)]
    rows = [head, ["---"] * len(head)]
    rows += [[label, *(tell(service) for service in services)] for label, tell in _ROWS]
    parts = ["\n".join(_line(row) for row in rows)]
    for service in services:
        if service.options:
            options = [["option", "takes", "default", ""], ["---"] * 4, *map(_option, service.options)]
            parts.append(f"**{service.name}**, `options={{...}}` in Python:")
            parts.append("\n".join(_line(row) for row in options))
    return "\n\n".join(parts) + "\n"


def replaced(text: str, part: str) -> str:
    """The page with its tables made anew; ValueError where it has no place for them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page has no part between {BEGIN!r} and {END!r}.")
    return f"{before}{BEGIN}\n\n{part}\n{END}{after}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _option(option: Option) -> list[str]:
    words = f"{option.help}.".replace("..", ".")
    if option.enterprise and "nterprise" not in words:
        words += " Enterprise accounts only."
    default = "" if option.default in ("", None) else f"`{option.default}`"
    return [f"`{option.key}`", option.limits, default, words]


def _made_of(service: Declaration) -> str:
    kinds = {
        Feature.TEXT: "a prompt",
        Feature.IMAGE: "an image",
        Feature.IMAGE_URL: "the web address of an image",
    }
    return ", ".join(words for feature, words in kinds.items() if service.can(feature))


def _pictures(service: Declaration) -> str:
    if not service.can(Feature.PICTURE):
        return "no"
    by = f", by up to {service.max_references} references" if service.max_references else ""
    return f"up to {service.max_pictures}{by}" if service.max_pictures > 1 else f"1{by}"


def _several_images(service: Declaration) -> str:
    return f"up to {service.max_images}" if service.can(Feature.SEVERAL_IMAGES) else "no"


def _price(service: Declaration) -> str:
    said = {}
    for feature, request in (
        (Feature.TEXT, Request(prompt="?")),
        (Feature.IMAGE, Request(images=["?"])),
        (Feature.IMAGE_URL, Request(images=["https://?"])),
        (Feature.PICTURE, Request(prompt="?", picture_first=True)),
    ):
        if service.can(feature):
            prices = [quote.points for quote in PROVIDERS[service.id].quotes(request)]
            known = [price for price in prices if price is not None]
            kind = {Feature.TEXT: "prompt", Feature.PICTURE: "picture first"}.get(feature, "image")
            said[kind] = "not documented" if len(known) < len(prices) else f"{sum(known)} points"
    if set(said.values()) == {"not documented"}:
        return "not documented"
    return ", ".join(f"{kind} {price}" for kind, price in said.items())


def _can(feature: Feature, yes: str = "yes", no: str = "no") -> Callable[[Declaration], str]:
    return lambda service: yes if service.can(feature) else no


_ROWS: list[tuple[str, Callable[[Declaration], str]]] = [
    ("`provider=`", lambda service: f"`{service.id}`"),
    ("what is known of its life", lambda service: service.life),
    ("makes models of", _made_of),
    ("pictures of a prompt first", _pictures),
    ("views of a thing, beside the front", lambda service: ", ".join(service.views) or "no"),
    ("several images at once", _several_images),
    ("variants", lambda service: f"1 to {service.max_variants}" if service.can(Feature.VARIANTS) else "1"),
    ("pictures to choose from", lambda service: f"{service.choice}s" if service.can(Feature.CHOICE) else "no"),
    ("switch for PBR textures", _can(Feature.PBR)),
    ("formats", lambda service: ", ".join(service.formats)),
    ("files to keep besides", lambda service: ", ".join(service.keeps) or "none"),
    ("progress", _can(Feature.PROGRESS, "told", "estimated by time")),
    ("what the account has", _can(Feature.ACCOUNT, "listed", "not listed")),
    ("points left", _can(Feature.BALANCE, "told", "not told")),
    ("price of a model, before one was measured", _price),
    ("when an answer is lost", lambda service: service.lost_answers),
    ("key in the environment", lambda service: f"`{service.key_env}`"),
    ("address in the environment", lambda service: f"`{service.url_env}`"),
    ("its own addresses", lambda service: ", ".join(f"`{one}`" for one in (service.url, *service.other_urls))),
]


def main() -> int:
    """Write the tables, or with --check say whether they are as they should be; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where the page is out of date")
    options = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    wanted = replaced(text, tables(declarations()))
    if wanted == text:
        print("docs/services.md is up to date.")
        return 0
    if options.check:
        print(
            "docs/services.md does not say what the declarations say: python3 -m scripts.toolbox.services",
            file=sys.stderr,
        )
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    print("docs/services.md is up to date now.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
