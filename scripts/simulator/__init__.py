"""Stand-ins for the services, on loopback: what the tests and the demo talk to instead of the real thing.

Built from the services' documents alone. It may import aiohttp, numpy, Pillow and trimesh (development
dependencies) and never anything of neural4d_blender: a stand-in that shares code with the client would
share its mistakes. `handle` is the exception that needs none of those libraries.
"""
