"""The studio's audit: what was paid, refused, approved of and kept, as a file of chained lines that is only added to.

Standard library, model, policy and the journal, which has each line before the file does.
"""
