"""One module per part of the family’s path."""
