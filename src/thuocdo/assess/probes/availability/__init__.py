"""Availability and response time over the last seven days, or at the moment of a scan: beside the points, graded by no set."""
