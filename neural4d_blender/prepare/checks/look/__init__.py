"""What it looks like: UV maps, textures, and how many faces that takes."""
