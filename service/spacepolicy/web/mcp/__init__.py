"""Tools for agents: what they ask for, how it is answered, and the endpoint that speaks the Model
Context Protocol. Only `protocol` imports its library.

Spec: https://modelcontextprotocol.io/specification
"""
