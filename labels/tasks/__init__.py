"""What leaves after a step of the label, and what the night does."""

from labels.tasks import applications, labels, letters

__all__ = ["applications", "labels", "letters"]
