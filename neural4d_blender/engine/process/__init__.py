"""The engine's process: reads commands from its pipe, steps the jobs on a few threads, writes events.

Decides when a step is taken, never what it does.
"""
