"""What is wrong with a SPARQL text that the engine's parser refused: the mistake, its place, the
remedy.

The text is read by the grammar up to where it leaves it (`reading`); rules find what was meant
there, each for one kind of mistake: `marks`, `clauses`, `patterns`, `expressions`, `updates`, and
`meaning` for texts that follow the grammar and break one of its notes. `messages.toml` has the
texts for each kind in every language.
"""
