"""Dates as people in Viet Nam type them: day first, or as ISO 8601; never the month first."""

DATE_INPUT_FORMATS = ["%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y"]
