"""Publishing compiles: a page becomes one JSON document, and a request serves the stored bytes.

`shapes` say what a document looks like, `compile` makes one from a page and writes down what it
read, `store` keeps it, `outdated` finds what has to be made again.
"""
