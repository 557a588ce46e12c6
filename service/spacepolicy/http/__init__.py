"""HTTP/1.1: connections, message framing, requests, and the response cache."""
