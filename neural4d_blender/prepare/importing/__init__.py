"""From a stranger's file to objects in an empty Blender, with everything that could run code taken away."""
