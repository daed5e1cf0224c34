"""The allocation problem. Terms are data, the program is compiled once, every answer carries a certificate."""
