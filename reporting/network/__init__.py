"""The childminders' network in numbers: who, hours, situations, families without a place."""
