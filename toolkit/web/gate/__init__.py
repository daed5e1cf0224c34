"""From a sign-up to a seat: registrations, tokens, limits and mails."""
