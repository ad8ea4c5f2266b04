"""One mail: its links, its bytes, and the conversation that hands it over."""
