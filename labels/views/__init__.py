"""The pages of the label: one module per door."""
