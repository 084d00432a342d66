"""What plait measures of itself: `python -m benchmarks step|sweep|start|gpu [--json] [--save]`."""
