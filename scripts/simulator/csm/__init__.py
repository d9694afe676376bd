"""CSM in two generations: sessions, their stages, the account."""
