"""Files that come from services: fetched, unpacked, named by their bytes, and checked before any importer sees them.

Knows no job and no service; strangers' data is never trusted here.
"""
