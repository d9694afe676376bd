"""The journal of all jobs: its tables, their migration, search and totals; what becomes of a damaged or lost one.

SQLite through the standard library; knows the model and nothing of services.
"""
