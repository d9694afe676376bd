"""What a studio, and its user, allow: the policy file as it is read and kept to, and allowances of points.

Standard library, model, services' declarations and the journal only; writes no file.
"""
