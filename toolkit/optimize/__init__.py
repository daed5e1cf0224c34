"""The allocation problem. Terms are data, and every answer carries a certificate."""
