"""An allocation from the request to the run record: inputs, forecast, problem, orders, amounts."""
