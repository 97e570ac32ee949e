"""A fleet of fixture sites on loopback, good, middling, poor, dead and hostile, to show and prove a round."""
