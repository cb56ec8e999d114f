"""Features of a network on given frames: recorded, written and read."""
