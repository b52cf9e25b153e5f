"""The private side: Django models, the actions that alone write, readers, web pages and the worker."""
