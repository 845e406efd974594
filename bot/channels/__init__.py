"""Channels: one file a platform; `base` says what a channel is."""
