"""The web application: protocols, content negotiation, pages. It does not access files."""
