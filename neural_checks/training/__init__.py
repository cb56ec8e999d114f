"""Training of backbones: resumable, deterministic, several seeds."""
