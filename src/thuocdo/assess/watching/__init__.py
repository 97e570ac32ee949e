"""The monitor: asks every system's front page at a steady pace, keeps what it saw, and tells the week from it."""
