"""What keeps the portal accountable and recoverable: audit, erasure, backup, webhooks."""
