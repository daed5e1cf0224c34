"""What is found beside a subject, a module a part: flows, history, supply, prices, ... (`findings.json`)."""
