"""HTTP: protocols, negotiation, pages. It knows requests and answers, not files."""
