"""Floor 5: weekly and ad-hoc reports: json, html, docx, pdf, xlsx."""
