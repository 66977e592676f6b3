"""The detector and the policy: tensors in, tensors out."""
