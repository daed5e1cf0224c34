"""The `Strategy`, one TOML file: frozen, strictly decoded, with a canonical JSON and a fingerprint."""
