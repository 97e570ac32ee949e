"""Thước Đo: measures how a state's digital services are supplied and used."""

__version__ = "0.1.0"
