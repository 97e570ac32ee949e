"""System performance: a ramp of users, only inside a window that the owner signed for."""
