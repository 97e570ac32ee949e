"""Transport and headers: what plain requests show of how a site protects its visitors."""
