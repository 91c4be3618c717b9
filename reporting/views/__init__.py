"""The pages of the reports, one module per door."""
