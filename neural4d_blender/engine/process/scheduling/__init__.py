"""When a step is taken: at what time, on which thread, and whose turn it is.

Never what a step does.
"""
