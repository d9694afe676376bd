"""Whether it is one thing that can be made and set down: parts, walls, volume, base."""
