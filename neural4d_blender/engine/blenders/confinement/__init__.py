"""What a background Blender may reach: its own folder, and by what each system holds it there.

``sandbox.py`` runs in a process of its own before Blender does, with the standard library alone.
"""
