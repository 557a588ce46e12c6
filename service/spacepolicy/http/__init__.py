"""HTTP as the service speaks it: connections, framing, requests, what is kept of answers."""
