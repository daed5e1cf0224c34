"""Many backtests of one question: on one process, on a pool of processes, or on a Dask cluster, with the same bytes."""
