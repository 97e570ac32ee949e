"""Functions a browser can see. The assessors decide; this tells them what is there to be seen."""
