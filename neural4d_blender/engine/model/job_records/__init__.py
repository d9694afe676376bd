"""The parts of a job: its submission, its choice, its delivery, its costs.

Small records that know neither the job nor each other.
"""
