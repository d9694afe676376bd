"""What may be spent, what was, and what things were seen to cost: budgets, limits, prices, one purchase at a time.

Looks at balances through the services and at the journal; knows neither jobs' steps nor the process.
"""
