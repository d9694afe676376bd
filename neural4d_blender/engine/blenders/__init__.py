"""Background Blenders: started ahead of time, confined, given a job file, asked for facts.

The only room that starts processes; it does not import bpy, which runs in those.
"""
