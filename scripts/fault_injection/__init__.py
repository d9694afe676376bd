"""What scripts/torture.py does to real processes. Each part is a module with `trials`; the others are shared."""
