"""Walk-forward comparison of strategies: what each would have done, point in time and after costs."""
