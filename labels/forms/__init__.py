"""The forms of the label: those of the crèche, of the Caf, and of somebody without an account."""
