"""Changes the code in small ways, one at a time, and sees whether the tests notice: `nox -s mutants`.

Cosmic Ray makes the changes and keeps the books. Here is which room is held by which tests, which of them get to a
line, what is changed besides, and the report. Imports Cosmic Ray, coverage.py and pytest; nothing of the extension.
"""
