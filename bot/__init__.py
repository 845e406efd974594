"""All input and output: settings, app, webhooks, turn, deliver, jobs, channels, storage, vault, console."""
