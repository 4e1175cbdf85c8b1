"""What Witness keeps on disk: a SQLite catalogue, which is the truth, and a Chroma index beside it."""
