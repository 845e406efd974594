"""Rasa beside the service: its environment, its model, and the process in which it runs."""
