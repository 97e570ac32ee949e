"""A bounded walk of a site: few pages, asked for once, read by every probe of the scan."""
