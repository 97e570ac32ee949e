"""How long what the instance was given and wrote down beside its figures is kept, and what may go."""
