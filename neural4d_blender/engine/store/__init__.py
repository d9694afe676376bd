"""The journal of all jobs: its tables, their migration, search and totals.

SQLite through the standard library; knows the model and nothing of services.
"""
