"""From prices to returns: calendar, currencies, observation models, price levels, pooled volatilities. Pure."""
