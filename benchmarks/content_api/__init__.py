"""How fast the content API answers, as ratios of what was measured in the same run.

python -m config.local.run python -m benchmarks.content_api [--seconds 4] [--json FILE]
"""
