"""What is done for a job next: one step a call, each a request, a download or a preparation.

No threads and no pipe: what a step needs it is given.
"""
