"""The preparer: turns a downloaded model into one clean, sized .blend, in a Blender of its own.

May import bpy, numpy (which Blender brings along) and `engine`; never `ui` or `scene`.
Runs in a background Blender, so a file that hangs or crashes the import harms nothing else.
"""
