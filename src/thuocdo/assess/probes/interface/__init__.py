"""Interface rules: what a page must show to be found one's way in, on any screen."""
