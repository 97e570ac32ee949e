"""Page load in the lab: Lighthouse on Debian's Chromium, one fixed profile, several runs, their median."""
