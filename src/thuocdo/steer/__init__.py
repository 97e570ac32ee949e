"""Steering: incidents, who is told of them and how, and the tasks a ministry gives (docs/alerts.md)."""
