"""The continuous programs, one a family of objectives, and how answers are certified; linear and mixed-integer programs."""
