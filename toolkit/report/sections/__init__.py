"""The sections of a report, one a module: a function from a proposal to blocks, or to the reason why there are none."""
