"""Availability and response time at the moment of a scan: a number beside the points, graded by no set."""
