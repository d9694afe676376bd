"""The commands, one file each, and what a batch is refused for or recognised by before anything is sent.

May import cli's other files, batch and client; scene by way of ``blender_session`` alone.
"""
