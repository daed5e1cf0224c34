"""What we intend. A `Strategy` is one TOML file: frozen, strictly decoded, with a canonical JSON and a fingerprint."""
