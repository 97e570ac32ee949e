"""Open data: what is published, every day, as files that anybody may keep, check and use.

Nothing here needs Django: the worker writes the files, the site hands them out.
"""
