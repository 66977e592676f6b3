"""What the files of a run folder are called, for whatever looks into one without PyTorch."""

WEIGHTS_NAME, CONFIG_NAME = "checkpoint.safetensors", "config.json"
STATE_NAME = "training.safetensors"
"""What a training that was cut short goes on from."""
METRICS_NAME = "metrics.jsonl"
MOST_CONFIG_BYTES = 4 << 20
"""Of a `config.json`, which may be a stranger's. One of the practice game has 30 kB; the scores of
the largest profile that is allowed come to a megabyte."""
