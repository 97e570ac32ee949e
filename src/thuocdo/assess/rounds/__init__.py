"""A round: plan, measure, two blind assessors, preliminary results, appeals, publication, corrections."""
