"""Files on their way into the lake: how each is read, judged, told apart and landed."""
