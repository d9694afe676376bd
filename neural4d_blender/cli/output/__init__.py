"""The files a command was asked for: which they are, written, rendered, waited for.

Only ``export`` and ``preview`` import bpy.
"""
