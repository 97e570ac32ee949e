"""A country in miniature: raw events with known truth, known noise and known cheats.

It only produces: files in the import formats, protocol messages over HTTP, and the truth beside
them. It never reads what the product made of them, so it can be used to judge the product.
"""
