"""The gradient checker; so far only its command line, which says which `autograd` is imported."""
