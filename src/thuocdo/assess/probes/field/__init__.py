"""Page load in the field: how fast pages loaded for real visitors, from the timings their browsers sent."""
