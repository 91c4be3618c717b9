"""The demonstration: a département of invented places and people, walked there by the
real workflow.
"""

DEMO_PASSWORD = "demonstration-avip"
