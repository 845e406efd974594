"""Kinds of answer: one file a kind. Each says what to offer, how to read a message, and how to show an answer in the review."""
