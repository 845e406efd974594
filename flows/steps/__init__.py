"""Step types: one file a type. `flows.registry.STEP_TYPES` is the list of them."""
