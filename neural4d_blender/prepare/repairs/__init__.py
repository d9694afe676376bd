"""Puts right what is wrong with a model's shape, where that was asked for: each repair in a file of its own, which says
in sentences what it changed and what it left. What has nothing wrong with it is left as it is, to the last vertex.
"""
