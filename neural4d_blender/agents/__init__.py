"""The door for agents: ``python -m neural4d_blender mcp``, a Model Context Protocol server on its pipes.

No bpy. Needs the package ``mcp`` (the protocol's official SDK), so nothing else imports this room.
"""
