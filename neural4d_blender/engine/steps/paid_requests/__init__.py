"""Requests that cost points, sent so that nothing is paid twice, and what is done when an answer is lost.

Each is journaled before it is sent. Nothing here asks for models or fetches them.
"""
