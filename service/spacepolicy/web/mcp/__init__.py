"""Tools for agents, and the endpoint of the Model Context Protocol. Only `protocol` imports the
protocol's library.

Spec: https://modelcontextprotocol.io/specification
"""
