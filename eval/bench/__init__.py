"""The public sets with one and the same settings, beside what is to be reached: `python -m eval.bench`."""
