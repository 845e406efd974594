"""Components of the Rasa pipeline (`config.yml`). They run in Rasa's own Python 3.10 environment, and no code of the service imports them.

They may import the standard library, Rasa and what Rasa brings, and `nlu.normalise`. A module with logic of its own imports no Rasa; the
components (`tokenizer`, `sentence`, `classifier`, `extractor`) are thin.
"""
