"""The model that is measured: arrays in millimetres, and what is worked out of them once for all checks."""
