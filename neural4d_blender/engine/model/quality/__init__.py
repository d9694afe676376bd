"""What was measured of a model, what that says of its use, and which of several is wanted.

Plain data and tables: the measuring is done in ``prepare/checks``.
"""
