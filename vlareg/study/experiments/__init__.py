"""The experiments: each turns measurements into a section of the page."""
