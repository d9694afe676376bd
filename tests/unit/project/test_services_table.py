"""docs/services.md says what the declarations say."""

from __future__ import annotations

from neural4d_blender.engine.protocol import declarations
from scripts.toolbox import services


def test_the_page_is_up_to_date() -> None:
    text = services.PAGE.read_text(encoding="utf-8")
    assert services.replaced(text, services.tables(declarations())) == text, "run python3 -m scripts.toolbox.services"


def test_every_option_has_a_line_with_its_limits() -> None:
    made = services.tables(declarations()).splitlines()
    for service in declarations():
        assert any(f"`{service.id}`" in line for line in made)
        for option in service.options:
            assert any(line.startswith(f"| `{option.key}` | {option.limits} |") for line in made), option.key
