"""What a strategy would have done: decisions made point in time, traded later, after costs, in lots, with late deliveries."""
