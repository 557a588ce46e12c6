"""The canonical layout of Turtle and TriG, and the lines where statements stand."""
