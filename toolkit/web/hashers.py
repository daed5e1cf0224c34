"""Passwords of hosts."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with 3 passes over 64 MiB in 4 lanes (RFC 9106, second recommendation)."""

    algorithm = "argon2id"
    time_cost = 3
    memory_cost = 64 * 1024
    parallelism = 4
