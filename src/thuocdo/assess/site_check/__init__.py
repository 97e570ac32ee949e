"""Why a tag on a page does or does not count, observed in a real browser and told in plain words."""
